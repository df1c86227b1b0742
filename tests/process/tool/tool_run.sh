#!/bin/bash
# kslab run: the program gets the library in front of what LD_PRELOAD holds; what cannot be run says so.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1

"$tool" run cat /proc/self/maps >maps 2>err || fail "status $?: $(cat err)"
grep -q libkslab maps || fail "the library is not mapped"
[ ! -s err ] || fail "$(cat err)"
[ "$(LD_PRELOAD='' "$tool" run sh -c 'echo $LD_PRELOAD' | tr ':' '\n' | wc -l)" = 1 ] || fail "LD_PRELOAD"
[ "$(LD_PRELOAD=libm.so.6 "$tool" run sh -c 'echo ${LD_PRELOAD##*:}')" = libm.so.6 ] || fail "LD_PRELOAD is lost"
[ "$(echo text | "$tool" run -- cat -)" = text ] || fail "standard input and output"
"$tool" run sh -c 'exit 7'; [ $? = 7 ] || fail "exit status"
"$tool" run sh -c 'kill -TERM $$' 2>/dev/null; [ $? = 143 ] || fail "signal"
"$tool" run --lib "$TEST_LIB" cat /proc/self/maps | grep -qF "$(readlink -f "$TEST_LIB")" || fail "--lib"

says() {
    local status=$1 want=$2 got
    shift 2
    "$tool" "$@" >/dev/null 2>err; got=$?
    [ $got = "$status" ] && [ "$(cat err)" = "kslab: $want" ] || fail "$*: $got $(cat err)"
}
says 127 'program not found: no-such-program' run no-such-program
says 127 'program not found: ./no-such-program' run ./no-such-program
says 126 'not executable: /etc/passwd' run /etc/passwd
says 127 "no such library: $PWD/none.so" run --lib none.so true
mkdir 'a b'; cp "$TEST_LIB" 'a b/libkslab.so'
says 2 "the loader splits LD_PRELOAD at blanks and colons, and the library's path has one: $PWD/a b/libkslab.so" \
    run --lib 'a b/libkslab.so' true

echo 'int main(void) { return 0; }' >none.c
if "$TEST_CC" -static none.c -o static 2>/dev/null; then
    says 0 'warning: ./static is linked statically: there is nothing to preload into, kslab will not be used' run ./static
fi
if "$TEST_CC" -fsanitize=address none.c -o sanitized 2>/dev/null; then
    "$tool" run ./sanitized >/dev/null 2>err
    grep -q '^kslab: warning: ./sanitized is built with a sanitizer' err || fail "no warning of a sanitizer: $(cat err)"
fi
printf 'exit 3\n' >script; chmod +x script
"$tool" run ./script; [ $? = 3 ] || fail "a script without a first line"
exit 0
