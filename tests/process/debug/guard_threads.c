// Guarded objects of several threads, freed by others, with the content they had.
//
// env: KSLAB_DEBUG=full KSLAB_QUARANTINE=1M
// reject-stderr: ^BUG
// timeout: 60
#include <pthread.h>

#include "check.h"

enum { kThreads = 4, kSlots = 512, kSteps = 20000 };
static char *slots[kSlots];

static void *work(void *seed)
{
    unsigned state = (unsigned)(uintptr_t)seed * 2654435761u + 1;
    for (int i = 0; i < kSteps; i++) {
        state = state * 1103515245 + 12345;
        size_t size = 2 + (state >> 8) % (state % 64 == 0 ? 60000 : 300);
        unsigned char *fresh = malloc(size);
        CHECK(fresh != NULL);
        fresh[0] = fresh[size - 1] = (unsigned char)state;
        memcpy(fresh, fresh + size - 1, 1);
        unsigned char *old =
            (unsigned char *)__atomic_exchange_n(&slots[(state >> 20) % kSlots], (char *)fresh, __ATOMIC_ACQ_REL);
        if (old == NULL)
            continue;
        CHECK(old[0] == old[malloc_usable_size(old) - 1]);
        free(old);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) == 0);
    for (int i = 0; i < kThreads; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < kSlots; i++)
        free(slots[i]);
    return 0;
}
