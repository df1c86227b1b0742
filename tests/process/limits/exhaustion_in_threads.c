// Four threads run out of memory at the same time, for two seconds: NULL, ENOMEM, and no lock is
// left behind on the paths that fail.
// forms: preload static
// label: full
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>

static int failures;
// Threads that exist already could take the memory that creating the next one needs.
static pthread_barrier_t all_there;

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    static __thread void *slot[2000];
    pthread_barrier_wait(&all_there);
    double end = seconds_now() + 2;
    while (seconds_now() < end)
        for (int i = 0; i < 2000; i++) {
            unsigned at = (unsigned)(next_random(&state) % 2000);
            if (next_random(&state) % 3 == 0) {
                free(slot[at]);
                slot[at] = NULL;
            }
            size_t size = next_random(&state) % 60000;
            errno = 0;
            void *p = realloc(slot[at], size + 1);
            if (p) {
                *(slot[at] = p, (char *)p) = 1;
            } else {
                CHECK(errno == ENOMEM);
                __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
            }
        }
    for (int i = 0; i < 2000; i++)
        free(slot[i]);
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    pthread_attr_t small;
    pthread_barrier_init(&all_there, NULL, 4);
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, 256 << 10) == 0);
    struct rlimit limit = {vsz_kib() * 1024 + (60 << 20), RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], &small, hammer, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    CHECK_SAY(failures > 100, "only %d failures", failures);
    validate_heap();
    return 0;
}
