// A double free of a big block is found at once, also with other frees in between.
// args: 10000
// args: 100000
// args: 1000000
// args: 100000000
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
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
    _exit(0); // it must not get here
}
