// A child of a threaded process starts threads of its own, forks again, and its heap is whole.
// forms: preload static
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static int stop;

static void *hammer(void *limit)
{
    uint64_t state = 9;
    for (uintptr_t i = 0; (!limit || i < (uintptr_t)limit) && !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        void *p = malloc(next_random(&state) % 2000), *q = malloc(next_random(&state) % 40000);
        free(p);
        free(q);
    }
    return NULL;
}

static void start(pthread_t *thread, uintptr_t limit)
{
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, (void *)limit) == 0);
}

static void expect_three(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
}

int main(void)
{
    pthread_t thread[3], inner[3];
    start(thread, 0);
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(15);
            start(inner, 2000);
            pid_t grandchild = fork();
            if (grandchild == 0) {
                alarm(10);
                hammer((void *)2000);
                validate_heap();
                _exit(3);
            }
            expect_three(grandchild);
            for (int i = 0; i < 3; i++)
                pthread_join(inner[i], NULL);
            validate_heap();
            exit(3);
        }
        expect_three(child);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
