// A pool over a cache whose every allocation fails, once the pool is made: all requests that may wait are served all
// the same, from 16 elements; those that may not get null when there is none; and nothing but the reserve is ever used.
// forms: linked static api
// env: KSLAB_FAIL=cache:request,nth:17,times:-1
#include "check.h"
#include <kslab/kslab.h>
#include <kslab/mempool.h>
#include <pthread.h>
#include <sched.h>

enum { RESERVE = 16, THREADS = 8, EACH = 4000, AT_ONCE = 2 };

static mempool_t *pool;
static int outstanding, refused;

static void *request(void *unused)
{
    (void)unused;
    for (int i = 0; i < EACH; i++) {
        void *element[AT_ONCE];
        CHECK((element[0] = mempool_alloc(pool, GFP_KERNEL)));
        // More than one at a time only without waiting: threads that wait for each other's would wait for ever.
        element[1] = mempool_alloc(pool, GFP_ATOMIC);
        if (!element[1])
            __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
        int mine = element[1] ? 2 : 1;
        int all = __atomic_add_fetch(&outstanding, mine, __ATOMIC_RELAXED);
        CHECK_SAY(all <= RESERVE, "%d elements of %d", all, RESERVE);
        for (int j = 0; j < mine; j++)
            memset(element[j], i, 256);
        if (i % 16 == 0)
            sched_yield();
        for (int j = 0; j < mine; j++)
            CHECK(all_bytes_are(element[j], (unsigned char)i, 256));
        __atomic_sub_fetch(&outstanding, mine, __ATOMIC_RELAXED);
        mempool_free(element[0], pool);
        mempool_free(element[1], pool);
    }
    return NULL;
}

int main(void)
{
    struct kmem_cache *cache = kmem_cache_create("request", 256, 0, 0, NULL);
    CHECK(cache);
    CHECK((pool = mempool_create_slab_pool(RESERVE, cache)));
    CHECK(kmem_cache_alloc(cache, GFP_KERNEL) == NULL);

    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, request, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(mempool_curr_nr(pool) == RESERVE);

    void *element[RESERVE];
    for (int i = 0; i < RESERVE; i++)
        CHECK((element[i] = mempool_alloc(pool, GFP_NOWAIT)));
    CHECK(mempool_alloc(pool, GFP_NOWAIT) == NULL);
    errno = 0;
    CHECK(mempool_alloc_timeout(pool, GFP_KERNEL, 20) == NULL && errno == ETIMEDOUT);
    for (int i = 0; i < RESERVE; i++)
        mempool_free(element[i], pool);
    mempool_destroy(pool);
    kmem_cache_destroy(cache); // a line on standard error if an object were missing
    CHECK(kslab_validate() == 0);
    return 0;
}
