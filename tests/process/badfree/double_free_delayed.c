// A double free with another free in between is found when the pointer reaches its slab, at exit
// at the latest.
// args: 1
// args: 24
// args: 100
// args: 1000
// args: 4000
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*double free.*0x[0-9a-f]+|^kslab: .*0x[0-9a-f]+.*double free
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    size_t size = strtoul(argv[1], NULL, 0);
    void *p = malloc(size), *q = malloc(size);
    CHECK(p && q);
    free(p);
    free(q);
    free(hide(p));
    return 0;
}
