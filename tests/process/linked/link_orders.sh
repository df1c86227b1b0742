#!/bin/bash
# The archive may stand anywhere on the linker's line and still becomes the malloc: before and after
# libc and libstdc++, static, static-pie and dynamic, with gcc and with clang. The order in which
# archives are searched decides which malloc is pulled in; two of them would be a duplicate symbol.
# label: full
# timeout: 120
set -u
[ -f "${TEST_STATIC_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern int kslab_is_active(void);
extern int kslab_owns(const void *);
int main(void)
{
    void *p = NULL;
    char *text = strdup("text");
    FILE *stream = fopen("/dev/null", "w");
    int ok = kslab_is_active() && kslab_owns(text) && kslab_owns(stream) &&
             posix_memalign(&p, 64, 100) == 0 && kslab_owns(p) && malloc_usable_size(p) >= 100;
    fclose(stream);
    free(p);
    free(text);
    return ok ? 3 : 4;
}
END
cat >"$TEST_TMP/main.cpp" <<'END'
#include <string>
#include <vector>
extern "C" int kslab_is_active();
extern "C" int kslab_owns(const void *);
int main()
{
    std::vector<std::string> rows(100, std::string(100, 'x'));
    try {
        rows.at(1000);
    } catch (const std::exception &) {
        return kslab_is_active() && kslab_owns(rows.data()) ? 3 : 4;
    }
    return 5;
}
END
status=0
try() { # the command line without -o
    "$@" -o "$TEST_TMP/out" 2>"$TEST_TMP/errors" || {
        echo "does not link: $*" >&2; head -n 5 "$TEST_TMP/errors" >&2; status=1; return; }
    [ ! -s "$TEST_TMP/errors" ] || { echo "the linker says: $(tail -n 1 "$TEST_TMP/errors")" >&2; status=1; }
    "$TEST_TMP/out"
    local code=$?
    [ $code = 3 ] || { echo "status $code: $*" >&2; status=1; }
}
distinct() { # those of the commands that exist, each once under whatever name
    local command real seen=:
    for command; do
        real=$(readlink -f "$(command -v "$command")") && [ -n "$real" ] || continue
        case $seen in *:$real:*) ;; *) echo "$command"; seen=$seen$real: ;; esac
    done
}
for cc in $(distinct "$TEST_CC" gcc clang); do
    for how in -static -static-pie -pie -no-pie; do
        code=-fPIE
        case $how in -static|-no-pie) code=-fno-pie ;; esac
        try "$cc" -O1 -fno-builtin $code $how "$TEST_TMP/main.c" "$TEST_STATIC_LIB"
        try "$cc" -O1 -fno-builtin $code $how "$TEST_STATIC_LIB" -Wl,-u,malloc "$TEST_TMP/main.c" "$TEST_STATIC_LIB"
        try "$cc" -O1 -fno-builtin $code $how "$TEST_TMP/main.c" "$TEST_STATIC_LIB" -lc
        try "$cc" -O1 -fno-builtin $code $how "$TEST_TMP/main.c" -Wl,--as-needed "$TEST_STATIC_LIB" -lm -lpthread
    done
done
for cxx in $(distinct "$TEST_CXX" g++ clang++); do
    for how in -static -static-pie -pie; do
        code=-fPIE
        [ $how != -static ] || code=-fno-pie
        try "$cxx" -O1 -fno-builtin $code $how "$TEST_TMP/main.cpp" "$TEST_STATIC_LIB"
        try "$cxx" -O1 -fno-builtin $code $how "$TEST_TMP/main.cpp" "$TEST_STATIC_LIB" -lstdc++
        try "$cxx" -O1 -fno-builtin $code $how "$TEST_TMP/main.cpp" \
            -Wl,--whole-archive "$TEST_STATIC_LIB" -Wl,--no-whole-archive
    done
done
exit $status
