// Destructors of thread-specific keys allocate and free after the library's own per-thread state
// may be gone, and arm each other again through several iterations. 3000 threads leave nothing
// behind.
// forms: preload static
#include "check.h"
#include <pthread.h>

enum { KEYS = 40, THREADS = 3000 };
static pthread_key_t key[KEYS];
static int destructor_calls;

struct chained {
    int rounds, index;
    char payload[200];
};

static void destroy(void *value)
{
    struct chained *one = value;
    __atomic_fetch_add(&destructor_calls, 1, __ATOMIC_RELAXED);
    free(malloc(3000));
    void *more = calloc(1, 100);
    if (one->rounds-- > 0) {
        struct chained *moved = malloc(sizeof *moved);
        *moved = *one;
        // To another key where that is free, so that both orders of "theirs before ours" occur.
        int other = (one->index + 7) % KEYS;
        if (!pthread_getspecific(key[other]))
            moved->index = other;
        pthread_setspecific(key[moved->index], moved);
    }
    free(more);
    free(one);
}

static void *thread_body(void *unused)
{
    for (int i = 0; i < KEYS; i++) {
        struct chained *one = malloc(sizeof *one);
        one->rounds = i % 4;
        one->index = i;
        pthread_setspecific(key[i], one);
    }
    return unused;
}

int main(void)
{
    for (int i = 0; i < KEYS; i++)
        CHECK(pthread_key_create(&key[i], destroy) == 0);
    size_t base = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, thread_body, NULL) == 0);
        pthread_join(thread, NULL);
        if (i == 200)
            base = rss_kib();
    }
    CHECK(destructor_calls >= THREADS * KEYS);
    // At most three rounds more fit into the four iterations that POSIX grants: all is freed.
    size_t grown = rss_kib() - base;
    CHECK_SAY((ssize_t)grown < 8 * 1024, "%zu KiB more after %d threads", grown, THREADS);
    validate_heap();
    return 0;
}
