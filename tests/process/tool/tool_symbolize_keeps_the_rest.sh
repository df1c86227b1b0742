#!/bin/bash
# kslab symbolize copies what is no unresolved frame byte for byte: binary data, long lines, missing line ends, frames
# that are resolved already or damaged.
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
same() {
    "$tool" symbolize <"$1" >"$TEST_TMP/out" || fail "$1: status $?"
    cmp "$1" "$TEST_TMP/out" || fail "$1 changed"
}

head -c 100000 /dev/urandom >"$TEST_TMP/random"; same "$TEST_TMP/random"
: >"$TEST_TMP/empty"; same "$TEST_TMP/empty"
printf 'no end' >"$TEST_TMP/no-end"; same "$TEST_TMP/no-end"
printf '\n\n\r\n \n' >"$TEST_TMP/blank"; same "$TEST_TMP/blank"
head -c 3000000 /dev/zero | tr '\0' x >"$TEST_TMP/long"; same "$TEST_TMP/long"
cat >"$TEST_TMP/frames" <<'END'
    #0 new_order            order.c:41    (demo+0x18c0)
    #0 ?? (/demo+0x)
    #0 ?? (/demo+0x12x)
    #0 ?? (/demo+0x1234567890abcdef0)
    #0 ?? (/demo
    #0 ??
    #x ?? (/demo+0x1)
    # ?? (/demo+0x1)
    #0 ?? (+0x1)
    #0 ?? (0x7f0000000000)
    #0 ?? (/demo+0x1) [build-id xyz]
    #0 ?? (/demo+0x1) trailing
BUG kmalloc-64 (demo, pid 1): #0 ?? (/demo+0x1)
{"module":"/demo","offset":"0x1"
{"module":"/demo"}
{"module":"/demo","offset":"18"}
{"module":"/nowhere/demo","offset":"0x1"}
{"message":"{\"module\":\"/demo\",\"offset\":\"0x1\"}"}
{"module":"/bin/sh","offset":"0x1","function":"known"}
END
same "$TEST_TMP/frames"
for depth in 100000; do
    { printf '{"stack":'; head -c $depth /dev/zero | tr '\0' '['; echo; } >"$TEST_TMP/deep"
    { head -c $depth /dev/zero | tr '\0' '{'; echo '{"module":'; } >>"$TEST_TMP/deep"
done
same "$TEST_TMP/deep"
"$tool" symbolize "$TEST_TMP/empty" "$TEST_TMP/nowhere" >/dev/null 2>"$TEST_TMP/err"
[ $? = 2 ] || fail "a file that cannot be read: status"
[ "$(cat "$TEST_TMP/err")" = "kslab: symbolize: cannot read $TEST_TMP/nowhere" ] || fail "$(cat "$TEST_TMP/err")"
"$tool" symbolize "$TEST_TMP" >/dev/null 2>"$TEST_TMP/err" && fail "a directory: status"
[ "$(cat "$TEST_TMP/err")" = "kslab: symbolize: cannot read $TEST_TMP" ] || fail "$(cat "$TEST_TMP/err")"
"$tool" symbolize --search "$TEST_TMP/nowhere" "$TEST_TMP/empty" >/dev/null 2>"$TEST_TMP/err" && fail "no directory to search: status"
[ "$(cat "$TEST_TMP/err")" = "kslab: symbolize: --search: no directory $TEST_TMP/nowhere" ] || fail "$(cat "$TEST_TMP/err")"
exit 0
