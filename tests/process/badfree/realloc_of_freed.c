// realloc of a freed big block, and of what was never allocated: reported like a bad free.
// args: large
// args: static
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

static char object[64] __attribute__((aligned(16)));

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    void *p = malloc(1 << 20);
    free(p);
    if (!strcmp(argv[1], "static"))
        p = object;
    p = realloc(hide(p), 100);
    _exit(p ? 0 : 1);
}
