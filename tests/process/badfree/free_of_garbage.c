// free() of numbers that are no addresses at all, at both ends of the address space and beyond.
// args: 1
// args: 0x10
// args: 0xfff0
// args: 0x7ffffffffff0
// args: 0x7fffdeadbee0
// args: 0x800000000000
// args: 0x6b6b6b6b6b6b6b6b
// args: 0xffffffffffffffff
// args: 0xfffffffffffffff0
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    free(malloc(10));
    free(hide((void *)strtoul(argv[1], NULL, 0)));
    return 0;
}
