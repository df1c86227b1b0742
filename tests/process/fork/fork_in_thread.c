// fork from threads, several at once: the child's only thread is not the main one.
// forms: preload static
// timeout: 60
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static void *forks(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    for (int round = 0; round < 40; round++) {
        void *carried = malloc(next_random(&state) % 5000 + 1);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(15);
            free(carried);
            for (int i = 0; i < 300; i++)
                free(malloc(next_random(&state) % 10000));
            exit(3);
        }
        for (int i = 0; i < 300; i++)
            free(malloc(next_random(&state) % 10000));
        free(carried);
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, forks, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
