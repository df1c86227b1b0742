#!/bin/bash
# A set-user-ID program, started by another user, reads no KSLAB_ variable: they could name files
# to be written with the owner's rights.
# needs: root
# needs: tool setpriv
set -u
[ -f "${TEST_STATIC_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
int main(void)
{
    free(malloc(100));
    puts(getauxval(AT_SECURE) ? "secure" : "plain");
    return 0;
}
END
$TEST_CC -fno-builtin -static "$TEST_TMP/main.c" "$TEST_STATIC_LIB" -o "$TEST_TMP/main" || exit 1
chmod 755 "$TEST_TMP"
mkdir -m 755 "$TEST_TMP/owned"
export KSLAB_VERBOSE=1 KSLAB_LOG="$TEST_TMP/owned/log" KSLAB_HELP=1 KSLAB_NO_SUCH_OPTION=1
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$TEST_TMP/main" 2>"$TEST_TMP/text"; }

# First without the bit: the variables do have an effect, in a place that they may write to.
unset KSLAB_LOG
[ "$(as_nobody)" = plain ] && grep -q '^kslab: ' "$TEST_TMP/text" || {
    echo "the variables have no effect at all" >&2; exit 1; }
export KSLAB_LOG="$TEST_TMP/owned/log"
chown 0:0 "$TEST_TMP/main" && chmod 4755 "$TEST_TMP/main"
case $(as_nobody) in
    secure) ;;
    plain) echo "skipped: the set-user-ID bit has no effect here"; exit 77 ;;
    *) echo "the program failed" >&2; exit 1 ;;
esac
[ ! -s "$TEST_TMP/text" ] || { echo "it says: $(head -n 3 "$TEST_TMP/text")" >&2; exit 1; }
[ -z "$(ls "$TEST_TMP/owned")" ] || { echo "it wrote a log" >&2; exit 1; }
