// free() of a static object: one line that names the pointer, then SIGABRT.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

static char object[64] __attribute__((aligned(16)));

int main(void)
{
    free(malloc(10));
    free(hide(object));
    return 0;
}
