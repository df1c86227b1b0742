// free() of an address inside a big block, on a page boundary and off it: found at once.
// args: 4096
// args: 65536
// args: 16
// args: 1
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *p = malloc(1 << 20);
    CHECK(p);
    free(hide(p + strtoul(argv[1], NULL, 0)));
    _exit(0); // at once, not in a check at exit
}
