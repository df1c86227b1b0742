// free() of memory that the program mapped itself: it is no heap of anybody.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"
#include <sys/mman.h>

int main(void)
{
    char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    free(malloc(10));
    free(hide(p + 4096));
    return 0;
}
