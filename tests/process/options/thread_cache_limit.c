// KSLAB_THREAD_CACHE bounds what threads keep: with 16K, 100 idle threads hold next to nothing.
// env: KSLAB_THREAD_CACHE=16K
#include "check.h"
#include <pthread.h>

enum { THREADS = 100 };
static pthread_barrier_t all;

static void *body(void *unused)
{
    void *p[400];
    for (size_t size = 16; size <= 8192; size *= 2) {
        for (int i = 0; i < 400; i++)
            memset(p[i] = malloc(size), 1, size);
        for (int i = 0; i < 400; i++)
            free(p[i]);
    }
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    return unused;
}

int main(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&all, NULL, THREADS + 1);
    size_t base = rss_kib();
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, body, NULL) == 0);
    pthread_barrier_wait(&all);
    malloc_trim(0);
    // Stacks and thread structures take some 30 KiB each.
    size_t grown = rss_kib() - base;
    CHECK_SAY(grown < 12 * 1024, "%zu KiB", grown);
    pthread_barrier_wait(&all);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
