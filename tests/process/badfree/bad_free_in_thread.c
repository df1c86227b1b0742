// A bad free on a small stack while other threads allocate: still one line, still SIGABRT.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"
#include <pthread.h>

static void *hammer(void *unused)
{
    for (;;) {
        void *p = malloc(100), *q = malloc(20000);
        free(p);
        free(q);
    }
    return unused;
}

static void *bad(void *p)
{
    usleep(20000);
    free(p);
    return NULL;
}

int main(void)
{
    static char object[64] __attribute__((aligned(16)));
    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread, NULL, hammer, NULL) == 0);
    CHECK(pthread_create(&thread, &small, bad, object) == 0);
    pthread_join(thread, NULL);
    _exit(0);
}
