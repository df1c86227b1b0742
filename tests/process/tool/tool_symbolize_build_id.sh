#!/bin/bash
# kslab symbolize: another file at the path of the report is not used, with one word about it; a file of that name and
# build-id elsewhere is found with --search, and separate debug data beside the program by its link.
# needs: tool objcopy
set -u
tool=$(dirname "$TEST_LIB")/kslab
[ -x "$tool" ] || { echo "no kslab command"; exit 77; }
! "$tool" symbolize </dev/null 2>&1 | grep -q libdw || { echo "built without libdw"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

cat > "$TEST_TMP/demo.c" <<'END'
#include <stdio.h>
extern char __executable_start;
__attribute__((noinline)) void* here(void) { return __builtin_return_address(0); }
int main(void) {
    void* at = here(); /* line 5 */
    printf("%lx\n", (unsigned long)((char*)at - &__executable_start));
    return 0;
}
END
mkdir "$TEST_TMP/"{here,there}
"$TEST_CC" -g -O1 -Wl,--build-id=0xaabbccddeeff0011223300112233445566778899 "$TEST_TMP/demo.c" -o "$TEST_TMP/here/demo" || fail "compiler"
at=$("$TEST_TMP/here/demo")
frame="    #0 ?? ($TEST_TMP/here/demo+0x$at) [build-id aabbccddeeff0011223300112233445566778899]"
resolved="    #0 main                 demo.c:5      (demo+0x$at)"
[ "$(echo "$frame" | "$tool" symbolize)" = "$resolved" ] || fail "the same file"

other=$(printf '%s\n%s\n' "$frame" "$frame" | sed s/aabb/0000/ | "$tool" symbolize 2>"$TEST_TMP/err")
[ "$other" = "$(for i in 1 2; do echo "    #0 ?? (demo+0x$at) [build-id 0000ccddeeff0011223300112233445566778899]"; done)" ] || fail "$other"
[ "$(cat "$TEST_TMP/err")" = "kslab: symbolize: $TEST_TMP/here/demo (build-id aabbccddeeff0011223300112233445566778899) is not the file of\
 the report (build-id 0000ccddeeff0011223300112233445566778899)" ] || fail "$(cat "$TEST_TMP/err")"

mv "$TEST_TMP/here/demo" "$TEST_TMP/there/demo"
echo "$frame" | "$tool" symbolize | grep -q 'main' && fail "found without --search"
[ "$(echo "$frame" | "$tool" symbolize --search "$TEST_TMP/there")" = "$resolved" ] || fail "--search"

cd "$TEST_TMP/there" || exit 1
objcopy --only-keep-debug demo demo.debug
objcopy --strip-all --add-gnu-debuglink=demo.debug demo ../here/demo
mv demo.debug ../here
[ "$(echo "$frame" | "$tool" symbolize)" = "$resolved" ] || fail "debug link"
