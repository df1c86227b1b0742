#!/bin/bash
# The stack of a leak has every function between main and malloc, in a program without frame pointers, through a
# library's callback and through a handler that interrupted it; the offsets of the report are theirs.
set -u
command -v addr2line >/dev/null || { echo "skipped: needs addr2line"; exit 77; }
cat >"$TEST_TMP/p.c" <<'END'
#include <signal.h>
#include <stdlib.h>
void *volatile sink;
__attribute__((noinline)) static void innermost(void) { sink = malloc(77); sink = 0; }
__attribute__((noinline)) static int compare(const void *a, const void *b)
{
    innermost();
    return *(const int *)a - *(const int *)b;
}
__attribute__((noinline)) static void handler(int number)
{
    int two[2] = {number, 1};
    qsort(two, 2, sizeof(int), compare);
    __asm__ volatile("" : : "r"(two) : "memory");
}
__attribute__((noinline)) static int interrupted(int n)
{
    volatile char room[300];
    room[0] = (char)n;
    raise(SIGUSR1);
    return room[0];
}
int main(void)
{
    signal(SIGUSR1, handler);
    int result = interrupted(0);
    __asm__ volatile("" : : : "memory");
    return result;
}
END
"$TEST_CC" -O2 -g -fomit-frame-pointer -fno-ipa-icf "$TEST_TMP/p.c" -o "$TEST_TMP/p" || exit 1
KSLAB_DEBUG=1 KSLAB_DEPTH=20 KSLAB_SYMBOLIZER=none LD_PRELOAD=$TEST_LIB "$TEST_TMP/p" 2>"$TEST_TMP/report" || exit 1
cat "$TEST_TMP/report"
functions=$(sed -n 's/^    #[0-9]* .*\/p+\(0x[0-9a-f]*\)).*/\1/p' "$TEST_TMP/report" |
    while read -r offset; do
        addr2line -f -e "$TEST_TMP/p" "$(printf '%#x' $((offset - 1)))" | head -n 1
    done | tr '\n' ' ')
echo "functions: $functions"
case $functions in
    "innermost compare handler interrupted main "*) ;;
    *) echo "FAILED: not the functions that were called"; exit 1 ;;
esac
