// free() of an address inside an object is found when it reaches its slab, at exit at the latest.
// args: 16
// args: 8
// args: 32
// args: 1
// args: 3
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *p[10];
    for (int i = 0; i < 10; i++)
        CHECK((p[i] = malloc(100)));
    free(hide(p[5] + strtoul(argv[1], NULL, 0)));
    return 0;
}
