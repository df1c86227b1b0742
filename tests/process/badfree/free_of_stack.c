// free() of a stack address: one line that names the pointer, then SIGABRT.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(void)
{
    char local[64] __attribute__((aligned(16)));
    free(malloc(10));
    free(hide(local));
    return 0;
}
