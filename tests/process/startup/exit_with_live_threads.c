// main returns while four threads allocate and free at full speed: handlers that run then do not
// hang on a lock, nothing is torn down under the threads' feet.
// forms: preload static
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    void *slot[64] = {0};
    for (;;) {
        unsigned at = (unsigned)(next_random(&state) % 64);
        free(slot[at]);
        slot[at] = malloc(next_random(&state) % (at ? 2000 : 200000));
    }
    return NULL;
}

static void handler(void)
{
    for (size_t size = 1; size < 1000000; size *= 2)
        free(malloc(size));
}

int main(void)
{
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            atexit(handler);
            for (uintptr_t i = 1; i <= 4; i++) {
                pthread_t thread;
                CHECK(pthread_create(&thread, NULL, hammer, (void *)(i * 7919)) == 0);
            }
            usleep(1000 * (useconds_t)(round % 10));
            exit(3);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "round %d: status %x", round, (unsigned)status);
    }
    return 0;
}
