// Timer signals at 2 kHz interrupt allocations; the handler keeps to calls that are safe in signals.
// System calls that return EINTR, and errno, must not disturb the heap.
// forms: preload static
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;

static void handler(int number)
{
    int saved = errno;
    (void)number;
    ticks++;
    errno = 99;
    if (write(-1, "", 1) >= 0)
        _exit(9);
    errno = saved;
}

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    void *slot[100] = {0};
    double end = seconds_now() + 2;
    while (seconds_now() < end)
        for (int i = 0; i < 1000; i++) {
            unsigned at = (unsigned)(next_random(&state) % 100);
            errno = 0;
            free(slot[at]);
            slot[at] = malloc(next_random(&state) % (at % 10 ? 1000 : 100000));
            CHECK(slot[at] && errno == 0);
        }
    for (int i = 0; i < 100; i++)
        free(slot[i]);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval period = {{0, 500}, {0, 500}};
    CHECK(setitimer(ITIMER_REAL, &period, NULL) == 0);
    pthread_t thread[2];
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, (void *)(i + 1)) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    CHECK_SAY(ticks > 100, "only %d ticks", (int)ticks);
    validate_heap();
    return 0;
}
