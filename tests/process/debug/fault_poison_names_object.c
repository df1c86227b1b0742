// Where a register still points into the freed object, the report names it, with the stack of its free.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=1
// expect-stderr: ^BUG kmalloc-128 .*Use of poison as pointer
// expect-stderr: ^allocated by thread .* with malloc\(128\)
// expect-stderr: ^freed by thread
#include "check.h"

int main(void)
{
    volatile long **object = hide(malloc(128));
    free(hide(object));
    // The pointer to the object stays in a register over the access.
    long *inside = (long *)object[3];
#if defined(__x86_64__)
    __asm__ volatile("movq (%0), %%rax" : : "r"(inside), "D"(object) : "rax", "memory");
#elif defined(__aarch64__)
    __asm__ volatile("ldr x9, [%0]" : : "r"(inside), "r"(object) : "x9", "memory");
#endif
    return 0;
}
