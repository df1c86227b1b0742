// A child made by the raw clone system call runs no atfork handler. It cannot be promised that it
// never waits for a lock of a vanished thread, but the common path takes none: most children live,
// and none crashes.
// expect-stdout: of 100 children
// timeout: 120
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int stop;

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        void *p[30];
        for (int i = 0; i < 30; i++)
            p[i] = malloc(next_random(&state) % 2000);
        for (int i = 0; i < 30; i++)
            free(p[i]);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, (void *)(i + 1)) == 0);
    int hung = 0;
    for (int round = 0; round < 100; round++) {
        for (size_t size = 1; size < 2000; size += 100)
            free(malloc(size)); // warm arrays, as any process has them
        pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        CHECK(child >= 0);
        if (child == 0) {
            alarm(1);
            for (size_t size = 1; size < 2000; size += 100)
                free(malloc(size));
            _exit(3);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
            hung++;
        else
            CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "round %d: status %x", round, (unsigned)status);
    }
    printf("%d of 100 children hung\n", hung);
    fflush(stdout);
    CHECK(hung < 20);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
