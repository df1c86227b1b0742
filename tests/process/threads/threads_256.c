// 256 threads at once, all alive, all allocating; what each keeps for itself is bounded.
// forms: preload static
#include "check.h"
#include <pthread.h>

enum { THREADS = 256 };
static pthread_barrier_t all;

static void *body(void *argument)
{
    uint64_t state = (uintptr_t)argument + 1;
    unsigned char *p[100] = {0};
    pthread_barrier_wait(&all);
    for (int step = 0; step < 5000; step++) {
        unsigned at = (unsigned)(next_random(&state) % 100);
        if (p[at])
            CHECK(p[at][0] == (unsigned char)at);
        free(p[at]);
        CHECK((p[at] = malloc(next_random(&state) % 1000 + 1)));
        p[at][0] = (unsigned char)at;
    }
    for (int i = 0; i < 100; i++)
        free(p[i]);
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, 64 << 10) == 0);
    pthread_barrier_init(&all, NULL, THREADS + 1);
    size_t base = rss_kib();
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], &small, body, (void *)i) == 0);
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    // 256 KiB of cached objects a thread is the documented bound, and 4 MiB for each CPU that busy ones share.
    size_t idle = rss_kib() - base;
    CHECK_SAY(idle < THREADS * 320 + 20 * 1024, "%zu KiB while idle", idle);
    pthread_barrier_wait(&all);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    malloc_trim(0);
    size_t gone = rss_kib() - base;
    CHECK_SAY(gone < 24 * 1024, "%zu KiB after the last thread", gone);
    validate_heap();
    return 0;
}
