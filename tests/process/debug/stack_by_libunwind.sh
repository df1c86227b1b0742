#!/bin/bash
# A function whose frame is described by an expression, and that destroys the frame pointer: libunwind gets past it, if
# it is installed. Without it the stack is shorter and everything else as ever. It is loaded for stacks only, and for
# nobody but kslab.
set -u
[ "$(uname -m)" = x86_64 ] || { echo "skipped: x86-64 only"; exit 77; }
command -v addr2line >/dev/null || { echo "skipped: needs addr2line"; exit 77; }
fail() { echo "FAILED: $*"; exit 1; }

cat >"$TEST_TMP/p.c" <<'END_OF_C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void *volatile sink;
void by_expression(void (*then)(void));
__asm__(".text\n.globl by_expression\n.type by_expression, @function\nby_expression:\n"
        ".cfi_startproc\n"
        "pushq %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_offset %rbp, -16\n"
        "subq $16, %rsp\n"
        ".cfi_escape 0x0f, 2, 0x77, 32\n" /* CFA = breg7 + 32 */
        "xorl %ebp, %ebp\ncall *%rdi\naddq $16, %rsp\npopq %rbp\n"
        ".cfi_def_cfa %rsp, 8\nret\n.cfi_endproc\n.size by_expression, . - by_expression\n");
__attribute__((noinline)) static void innermost(void) { sink = malloc(77); sink = 0; }
__attribute__((noinline)) static void outer(void)
{
    by_expression(innermost);
    __asm__ volatile("" : : : "memory");
}
int main(int argc, char **argv)
{
    (void)argv;
    free(malloc(1)); /* a call with an ordinary stack: now libunwind is loaded */
    outer();
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    int loaded = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        loaded |= strstr(line, "libunwind") != NULL;
    fclose(maps);
    printf("%s, visible %d\n", loaded ? "loaded" : "not loaded",
           dlsym(RTLD_DEFAULT, "unw_backtrace") != NULL || dlsym(RTLD_DEFAULT, "_Ux86_64_step") != NULL);
    return argc > 1 ? 3 : 0;
}
END_OF_C
"$TEST_CC" -O2 -g -fno-builtin -fomit-frame-pointer "$TEST_TMP/p.c" -o "$TEST_TMP/p" -ldl || exit 1

! readelf -d "$TEST_LIB" | grep -q 'NEEDED.*unwind' || fail "the library needs libunwind"

# run VARIABLE=VALUE...: output, functions of the leak's stack up to main
run() {
    output=$(env KSLAB_DEPTH=20 KSLAB_SYMBOLIZER=none "$@" LD_PRELOAD="$TEST_LIB" "$TEST_TMP/p" 2>"$TEST_TMP/report") ||
        fail "exit status $?"
    cat "$TEST_TMP/report"
    functions=$(sed -n 's/^    #[0-9]* .*\/p+\(0x[0-9a-f]*\)).*/\1/p' "$TEST_TMP/report" |
        while read -r offset; do
            addr2line -f -e "$TEST_TMP/p" "$(printf '%#x' $((offset - 1)))" | head -n 1
        done | tr '\n' ' ')
    echo "$*: $output; functions: $functions"
}

# The loader refuses this file, as it does a missing one.
mkdir "$TEST_TMP/none"
echo nothing >"$TEST_TMP/none/libunwind-x86_64.so.8"
run KSLAB_DEBUG=1 LD_LIBRARY_PATH="$TEST_TMP/none"
[ "$output" = "not loaded, visible 0" ] || fail "libunwind came from somewhere"
grep -q '^BUG .*leak' "$TEST_TMP/report" || fail "no leak was found without libunwind"
grep -q 'stack by libunwind' "$TEST_TMP/report" && fail "whose stack is that?"
case $functions in "innermost by_expression "*) ;; *) fail "without libunwind: not the first functions" ;; esac

run KSLAB_DEBUG=-
[ "$output" = "not loaded, visible 0" ] || fail "libunwind was loaded though no stacks are wanted"

ldconfig -p 2>/dev/null | grep -q 'libunwind-x86_64.so.8' || PATH=$PATH:/sbin:/usr/sbin ldconfig -p |
    grep -q 'libunwind-x86_64.so.8' || { echo "skipped: needs libunwind8"; exit 77; }
run KSLAB_DEBUG=1
[ "$output" = "loaded, visible 0" ] || fail "libunwind was not loaded, or for all"
grep -q 'stack by libunwind' "$TEST_TMP/report" || fail "the report does not say who found the stack"
case $functions in
    "innermost by_expression outer main "*) ;;
    *) fail "not the functions that were called" ;;
esac
