// Two producers allocate, two consumers free, three million objects in all: memory
// that is freed elsewhere comes back to the producers instead of piling up.
// forms: preload static
// timeout: 60
#include "check.h"
#include <pthread.h>
#include <sched.h>

enum { RING = 1024, TRAFFIC = 1500000 };

struct ring {
    void *slot[RING];
    unsigned head __attribute__((aligned(64))), tail __attribute__((aligned(64)));
};
static struct ring rings[2];

static void *produce(void *argument)
{
    struct ring *ring = argument;
    uint64_t state = 5 + (uintptr_t)(ring - rings);
    for (int i = 0; i < TRAFFIC; i++) {
        size_t size = next_random(&state) % (i % 100 ? 500 : 50000) + 9;
        size_t *p = malloc(size);
        CHECK(p);
        *p = size;
        ((char *)p)[size - 1] = 'e';
        while (ring->head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == RING)
            sched_yield();
        ring->slot[ring->head % RING] = p;
        __atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void *consume(void *argument)
{
    struct ring *ring = argument;
    for (int i = 0; i < TRAFFIC; i++) {
        while (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == ring->tail)
            sched_yield();
        size_t *p = ring->slot[ring->tail % RING];
        CHECK(((char *)p)[*p - 1] == 'e');
        free(p);
        __atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&thread[i * 2], NULL, produce, &rings[i]) == 0);
        CHECK(pthread_create(&thread[i * 2 + 1], NULL, consume, &rings[i]) == 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    // At most 2 x 1024 objects of about 1 KiB were ever alive.
    size_t rss = rss_kib();
    CHECK_SAY(rss < 40 * 1024, "%zu KiB are resident", rss);
    validate_heap();
    return 0;
}
