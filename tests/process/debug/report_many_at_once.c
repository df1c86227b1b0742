// More findings at once than most programs ever have: none is lost.
// env: KSLAB_DEBUG=1 KSLAB_EXITCODE=24
// expect: exit 24
// expect-stderr: ^SUMMARY .*: 24 errors and 0 leaks
#include <pthread.h>

#include "check.h"

static pthread_barrier_t all_ready;

static void *overflow(void *number)
{
    size_t size = 100 + 40 * (size_t)(uintptr_t)number; // each in a place of its own
    char *object = hide(malloc(size));
    pthread_barrier_wait(&all_ready);
    object[size] = 1;
    switch ((uintptr_t)number) { // and freed from a place of its own
#define CASE(n) case n: free(object); __asm__ volatile("nop" : : "i"(n)); break;
        CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11)
        CASE(12) CASE(13) CASE(14) CASE(15) CASE(16) CASE(17) CASE(18) CASE(19) CASE(20) CASE(21) CASE(22) CASE(23)
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[24];
    pthread_barrier_init(&all_ready, NULL, 24);
    for (uintptr_t i = 0; i < 24; i++)
        CHECK(pthread_create(&threads[i], NULL, overflow, (void *)i) == 0);
    for (int i = 0; i < 24; i++)
        pthread_join(threads[i], NULL);
}
