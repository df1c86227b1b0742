// free() of an object that its slab has never handed out, found at exit at the latest.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(void)
{
    // Objects ascend: the distance of two is the stride, and far ahead nothing is handed out yet.
    char *p = malloc(200), *q = malloc(200);
    size_t stride = p < q ? (size_t)(q - p) : (size_t)(p - q);
    CHECK(p && q && stride < 4096);
    free(hide((p < q ? q : p) + stride * 60));
    return 0;
}
