#!/bin/bash
# A program that is linked with -flto and the archive keeps our malloc: calls that the compiler makes
# up late must find it, and it must not drop or inline the allocation functions away.
# timeout: 120
# label: full
set -u
[ -f "${TEST_STATIC_LIB:-}" ] || { echo "no library"; exit 77; }
cat >"$TEST_TMP/main.c" <<'END'
#include <stdlib.h>
#include <string.h>
extern int kslab_is_active(void);
extern int kslab_owns(const void *);
int main(int argc, char **argv)
{
    char *p = malloc(100 + (unsigned)argc), *q = calloc(10, 10u + (unsigned)argc);
    memset(p, argc, 100);
    char *text = strdup(argv[0]);
    int ok = kslab_is_active() && kslab_owns(p) && kslab_owns(q) && kslab_owns(text) && q[5] == 0;
    free(p);
    free(q);
    free(text);
    return ok ? 3 : 4;
}
END
status=0
tried=0
for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    for how in "-O2 -flto" "-O2 -flto -static -fno-pie" "-O3 -flto -static-pie -fPIE" "-O2 -flto -fno-builtin"; do
        # shellcheck disable=SC2086  # words are meant to split
        $cc $how "$TEST_TMP/main.c" "$TEST_STATIC_LIB" -o "$TEST_TMP/out" 2>"$TEST_TMP/errors" || {
            grep -Eq 'LLVMgold|cannot find|unrecognized' "$TEST_TMP/errors" && { echo "no $cc $how here"; continue; }
            echo "does not link: $cc $how" >&2; head -n 5 "$TEST_TMP/errors" >&2; status=1; continue; }
        tried=$((tried + 1))
        "$TEST_TMP/out"
        code=$?
        [ $code = 3 ] || { echo "status $code: $cc $how" >&2; status=1; }
    done
done
[ $tried -gt 0 ] || exit 77
exit $status
