// 64 threads allocate and free 50 MB each, then sleep: what their caches keep is bounded, and
// malloc_trim from the main thread reaches what is not in them.
// needs: memory 6000
// timeout: 60
// label: full
// alone: yes
#include "check.h"
#include <pthread.h>

enum { THREADS = 64 };
static pthread_barrier_t done, end;

static void *burst(void *unused)
{
    (void)unused;
    void *list = NULL;
    for (size_t total = 0, size = 24; total < 50u << 20; size = size < 3000 ? size * 2 + 8 : 24) {
        void **p = malloc(size);
        CHECK(p);
        memset(p, 1, size);
        *p = list;
        list = p;
        total += size;
    }
    while (list) {
        void *next = *(void **)list;
        free(list);
        list = next;
    }
    pthread_barrier_wait(&done);
    pthread_barrier_wait(&end);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&done, NULL, THREADS + 1);
    pthread_barrier_init(&end, NULL, THREADS + 1);
    size_t base = rss_kib();
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, burst, NULL) == 0);
    pthread_barrier_wait(&done);
    size_t freed = rss_kib() - base;
    malloc_trim(0);
    size_t trimmed = rss_kib() - base;
    say("after the bursts %zu MiB, after trim %zu", freed / 1024, trimmed / 1024);
    CHECK(freed < 80 * 1024);
    // 64 threads at 256 KiB of cached objects each, their stacks and structures.
    CHECK(trimmed < 32 * 1024);
    pthread_barrier_wait(&end);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
