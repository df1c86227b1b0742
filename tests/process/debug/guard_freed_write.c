// A write to a freed object, and one to an object that realloc has moved.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: free
// args: realloc
// expect-stderr: ^BUG .*Use-after-free write
// expect-stderr: ^use after free: a write
// expect-stderr: ^freed by thread
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    volatile char *object = hide(malloc(100));
    memset((void *)object, 1, 100);
    if (strcmp(argv[1], "free") == 0)
        free(hide((void *)object));
    else
        CHECK(realloc(hide((void *)object), 100000) != NULL);
    object[50] = 2;
    return 0;
}
