// What the thread that asks for leaks holds in registers is in use.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// reject-stderr: BUG
#include "leak.h"

#if !defined(__x86_64__)
int main(void) { skip("written for x86-64"); }
#else
static NOINLINE long check_with(disguised d)
{
    long leaks;
    wipe_stack();
    __asm__ volatile(
        "mov %1, %%r12\n\t"
        "not %%r12\n\t"
        "mov %%rsp, %%r13\n\t"
        "and $-16, %%rsp\n\t"
        "sub $128, %%rsp\n\t"
        "call *%2\n\t"
        "mov %%r13, %%rsp\n\t"
        "xor %%r12d, %%r12d"
        : "=a"(leaks)
        : "r"(d), "b"(kslab_leak_check)
        : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "memory", "cc");
    return leaks;
}

int main(void)
{
    if (!kslab_leak_check)
        skip("this allocator looks for no leaks");
    disguised d = new_hidden(100);
    CHECK(check_with(d) == 0);
    free(reveal(d));
    return 0;
}
#endif
