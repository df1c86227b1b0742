// free() of a big block that has been freed and given back already.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(void)
{
    void *p = malloc(64 << 20);
    CHECK(p);
    free(p);
    malloc_trim(0);
    free(hide(p));
    return 0;
}
