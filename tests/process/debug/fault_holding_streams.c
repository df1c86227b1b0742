// A fault in the middle of printf, with a stream's lock held, and one in qsort's comparison.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: printf
// args: qsort
// expect-stderr: ^BUG .*(Use-after-free|Out-of-bounds) read
// expect-stderr: ^allocated by thread
#include "check.h"

static int compare(const void *a, const void *b)
{
    volatile const char *beyond = a;
    return beyond[100000] - *(const char *)b;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *object = hide(malloc(64));
    memset(object, 'x', 64);
    if (strcmp(argv[1], "printf") == 0)
        printf("%s\n", object);
    char *array = hide(malloc(100 * 1000));
    memset(array, 0, 100000);
    qsort(array, 1000, 100, compare);
    return 0;
}
