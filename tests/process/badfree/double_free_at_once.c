// Freeing the same object twice in a row is found at the second free, not later.
// args: 1
// args: 24
// args: 100
// args: 1000
// args: 4000
// args: 8192
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*double free.*0x[0-9a-f]+|^kslab: .*0x[0-9a-f]+.*double free
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    size_t size = strtoul(argv[1], NULL, 0);
    void *kept = malloc(size), *p = malloc(size);
    CHECK(kept && p);
    free(p);
    free(hide(p));
    _exit(0); // it must not get here
}
