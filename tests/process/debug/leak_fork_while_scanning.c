// Threads that fork, allocate and start others while the heap is scanned again and again.
// env: KSLAB_DEBUG=1
// timeout: 60
// reject-stderr: BUG
// label: full
#include "leak.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int stop;

static void *churn(void *unused)
{
    void *kept[64] = {0};
    uint64_t state = 88172645463325252ull + (uintptr_t)&kept;
    while (!stop) {
        size_t i = next_random(&state) % 64;
        free(kept[i]);
        kept[i] = malloc(next_random(&state) % 3000);
    }
    for (int i = 0; i < 64; i++)
        free(kept[i]);
    return unused;
}

static void *forker(void *unused)
{
    while (!stop) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            free(malloc(100));
            _exit(0);
        }
        int status;
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(status == 0);
    }
    return unused;
}

static void *nothing(void *p) { return p; }

static void *starter(void *unused)
{
    while (!stop) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    return unused;
}

int main(void)
{
    void *(*roles[])(void *) = {churn, churn, forker, starter};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, roles[i], NULL) == 0);
    double end = seconds_now() + 3;
    int scans = 0;
    while (seconds_now() < end) {
        long leaks = leaks_now();
        CHECK_SAY(leaks == 0, "%ld leaks in scan %d", leaks, scans);
        scans++;
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    say("%d scans", scans);
    CHECK(scans > 5);
    return 0;
}
