// 3000 short threads, eight alive at a time, that leave objects for the others to free: the memory
// of dead threads is used again.
// forms: preload static
#include "check.h"
#include <pthread.h>

enum { THREADS = 3000, ALIVE = 8, OBJECTS = 100 };
static void *left[ALIVE][OBJECTS];

static void *thread_body(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    void **mine = left[number % ALIVE];
    for (int i = 0; i < OBJECTS; i++) {
        free(mine[i]); // of the thread that had this row before
        mine[i] = malloc((number * 31 + (unsigned)i * 17) % 900 + 1);
        CHECK(mine[i]);
        *(char *)mine[i] = 1;
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[ALIVE];
    size_t base = 0;
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (i >= ALIVE)
            pthread_join(thread[i % ALIVE], NULL);
        CHECK(pthread_create(&thread[i % ALIVE], NULL, thread_body, (void *)i) == 0);
        if (i == 300)
            base = rss_kib();
    }
    for (int i = 0; i < ALIVE; i++)
        pthread_join(thread[i], NULL);
    ssize_t grown = (ssize_t)rss_kib() - (ssize_t)base;
    CHECK_SAY(grown < 8 * 1024, "%zd KiB more", grown);
    validate_heap();
    return 0;
}
