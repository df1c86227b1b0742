// Eight threads exchange objects through one table for a while; every object carries a checksum of
// its own address and size, so that handing out memory twice is noticed.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"
#include <pthread.h>

enum { THREADS = 8, SLOTS = 4096, STEPS = 300000 };
struct object {
    uint64_t size, mark;
};
static struct object *table[SLOTS];

static uint64_t mark_of(const struct object *object)
{
    return (uintptr_t)object * 0x9e3779b97f4a7c15u ^ object->size;
}

static void *body(void *argument)
{
    uint64_t state = (uintptr_t)argument * 7919 + 1;
    for (int step = 0; step < STEPS; step++) {
        size_t size = next_random(&state) % (step % 200 ? 800 : 60000) + 24;
        struct object *mine = step % 5 ? malloc(size) : calloc(1, size);
        CHECK(mine);
        if (step % 5 == 0)
            CHECK(all_bytes_are(mine, 0, size));
        memset(mine, 0xa5, size);
        mine->size = size;
        mine->mark = mark_of(mine);
        ((unsigned char *)mine)[size - 1] = 0x17;
        struct object *other = __atomic_exchange_n(&table[next_random(&state) % SLOTS], mine, __ATOMIC_ACQ_REL);
        if (!other)
            continue;
        CHECK(other->mark == mark_of(other));
        CHECK(((unsigned char *)other)[other->size - 1] == 0x17);
        other->mark = 0;
        free(other);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, body, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < SLOTS; i++)
        free(table[i]);
    validate_heap();
    return 0;
}
