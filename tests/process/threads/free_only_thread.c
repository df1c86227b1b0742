// Threads whose only call is free(), of one object or of very many: they have no arrays yet, and
// what they free is available to others.
// forms: preload static
#include "check.h"
#include <pthread.h>

enum { OBJECTS = 50000 };
static void *object[OBJECTS];
static int count;

static void *release(void *unused)
{
    for (int i = 0; i < count; i++)
        free(object[i]);
    return unused;
}

static void in_thread(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, release, NULL) == 0);
    pthread_join(thread, NULL);
}

int main(void)
{
    size_t base = 0;
    for (int round = 0; round < 100; round++) {
        count = round % 10 == 9 ? OBJECTS : 1;
        for (int i = 0; i < count; i++)
            memset(object[i] = malloc(300), 1, 300);
        in_thread();
        if (round == 19)
            base = rss_kib();
    }
    ssize_t grown = (ssize_t)rss_kib() - (ssize_t)base;
    CHECK_SAY(grown < 6 * 1024, "%zd KiB more", grown);
    validate_heap();
    return 0;
}
