// Several threads fault at the same time: whole reports, one after the other, and one death.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// expect-stderr: ^BUG .*Use-after-free read
// expect-stderr: ^freed by thread
// reject-stderr: while a fault was being reported
#include <pthread.h>

#include "check.h"

static pthread_barrier_t together;

static void *body(void *unused)
{
    volatile char *object = hide(malloc(50));
    free(hide((void *)object));
    pthread_barrier_wait(&together);
    (void)object[5];
    return unused;
}

int main(void)
{
    enum { kThreads = 8 };
    pthread_t threads[kThreads];
    pthread_barrier_init(&together, NULL, kThreads);
    for (int i = 0; i < kThreads; i++)
        CHECK(pthread_create(&threads[i], NULL, body, NULL) == 0);
    for (int i = 0; i < kThreads; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
