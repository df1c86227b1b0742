// A program that aborts does not reach the validation at exit: the heap is checked before it dies.
// forms: preload static
// env: KSLAB_DEBUG=FZPU
// args: abort
// args: assert
// args: throw
// args: thread
// expect: signal ABRT
// expect-stderr: ^BUG .*: Right Redzone overwritten$
// expect-stderr: ^BUG .*: Poison overwritten$
// expect-stderr: found by validation at abort\(\) in thread
#undef NDEBUG
#include <assert.h>
#include <pthread.h>

#include "check.h"

static void *abort_here(void *) { abort(); }

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *object = (char *)malloc(40), *freed = (char *)malloc(100);
    ((volatile char *)hide(object))[40] = 0;
    free(freed);
    ((volatile char *)hide(freed))[50] = 0;
    if (strcmp(argv[1], "abort") == 0)
        abort();
    if (strcmp(argv[1], "assert") == 0)
        assert(object == freed);
    if (strcmp(argv[1], "throw") == 0)
        throw 1;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, abort_here, NULL) == 0);
    pthread_join(thread, NULL);
}
