// A freed object is inaccessible, small or large, first page or not.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: 40 3
// args: 5000 4500
// args: 300000 150000
// args: 9000000 5000000
// expect-stderr: ^BUG .*Use-after-free read
// expect-stderr: ^use after free: a read
// expect-stderr: ^allocated by thread
// expect-stderr: ^freed by thread
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    size_t size = strtoul(argv[1], NULL, 10), at = strtoul(argv[2], NULL, 10);
    volatile char *object = hide(malloc(size));
    memset((void *)object, 1, size);
    free(hide((void *)object));
    return object[at];
}
