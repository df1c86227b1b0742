// Reports need no stack of the program's: a thread of 16 KiB, an alternate stack of the least size, and one that
// has nothing left.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: thread
// args: alternate
// expect-stderr: ^BUG .*Use-after-free read
// expect-stderr: ^freed by thread
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>

#include "check.h"

static void *body(void *alternate)
{
    volatile char *object = hide(malloc(50));
    free(hide((void *)object));
    if (alternate != NULL) {
        static char memory[65536];
        unsigned long least = getauxval(51 /* AT_MINSIGSTKSZ */);
        stack_t stack = {.ss_sp = memory, .ss_size = (least == 0 ? 2048 : least) + 1536};
        CHECK(sigaltstack(&stack, NULL) == 0);
    }
    (void)object[5];
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 16384) == 0);
    pthread_t thread;
    void *argument = strcmp(argv[1], "alternate") == 0 ? argv[1] : NULL;
    CHECK(pthread_create(&thread, &attributes, body, argument) == 0);
    pthread_join(thread, NULL);
    return 0;
}
