// 150 children are forked while four threads allocate at full speed; each child allocates, frees
// and ends. A lock that a vanished thread held would hang it.
// forms: preload static
// timeout: 60
// label: full
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static int stop;

static void *hammer(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    void *slot[200] = {0};
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        unsigned at = (unsigned)(next_random(&state) % 200);
        free(slot[at]);
        slot[at] = malloc(next_random(&state) % (at ? 3000 : 300000));
    }
    for (int i = 0; i < 200; i++)
        free(slot[i]);
    return NULL;
}

static void child_work(int round)
{
    void *p[300];
    for (int i = 0; i < 300; i++)
        CHECK((p[i] = i % 20 ? malloc((size_t)i * 13 + 1) : calloc(1, (size_t)i * 1000 + 1)));
    for (int i = 0; i < 300; i++)
        free(p[i]);
    free(realloc(malloc(100), 1 << 20));
    malloc_trim(0);
    validate_heap();
    if (round % 2)
        exit(3); // handlers and all
    _exit(3);
}

int main(void)
{
    pthread_t thread[4];
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, (void *)(i * 31 + 1)) == 0);
    for (int round = 0; round < 150; round++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(10);
            child_work(round);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "round %d: status %x", round, (unsigned)status);
        usleep(300);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
