// Threads whose first call of malloc or free comes in the destructor of somebody's key: they are drained
// all the same, and leave nothing behind.
// forms: preload static
#include "check.h"
#include <pthread.h>

static pthread_key_t key;

static void *only_sets_a_key(void *object)
{
    CHECK(pthread_setspecific(key, object) == 0);
    return NULL;
}

static void run_threads(int count)
{
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, only_sets_a_key, malloc(100)) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

int main(void)
{
    CHECK(pthread_key_create(&key, free) == 0);
    run_threads(100);
    size_t before = rss_kib();
    run_threads(3000);
    CHECK_SAY(rss_kib() < before + 4096, "%zu KiB more", rss_kib() - before);
    validate_heap();
    return 0;
}
