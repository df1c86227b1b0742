#!/bin/bash
# Dynamic linking: -lkslab is kept and comes before libc with --no-as-needed; the program then runs
# on our malloc without any preload, also when it is preloaded on top. Named after libc it comes too
# late: libc serves malloc, the library says so and does no harm.
# label: full
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <stdlib.h>
extern int kslab_is_active(void);
#pragma weak kslab_is_active
int main(void)
{
    free(malloc(100));
    return kslab_is_active && kslab_is_active() ? 3 : 4;
}
END
directory=$(dirname "$TEST_LIB")
status=0
try() { # $1: 3 if the library shall be active, 4 if not; then the command line without -o
    local wanted=$1 code
    shift
    "$@" -o "$TEST_TMP/out" || { echo "does not link: $*" >&2; status=1; return; }
    "$TEST_TMP/out"
    code=$?
    [ $code = "$wanted" ] || { echo "status $code instead of $wanted: $*" >&2; status=1; }
    LD_PRELOAD=$TEST_LIB "$TEST_TMP/out"; [ $? = 3 ] || { echo "not active with preload: $*" >&2; status=1; }
}
for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    for pie in -pie -no-pie; do
        common=("$cc" -fno-builtin -O1 "$pie" "-Wl,-rpath,$directory" -L "$directory" "$TEST_TMP/main.c")
        [ $pie = -no-pie ] && common+=(-fno-pie) || common+=(-fPIE)
        try 3 "${common[@]}" -Wl,--no-as-needed -lkslab -Wl,--as-needed
        try 3 "${common[@]}" -lkslab -Wl,-u,kslab_version
        try 4 "${common[@]}" -Wl,--no-as-needed -lc -lkslab
    done
done
exit $status
