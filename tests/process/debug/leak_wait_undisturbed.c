// The process that stops the threads is invisible: no child for wait, no SIGCHLD, no handler that runs in it, no
// descriptor that stays, and no system call that fails.
// env: KSLAB_DEBUG=1
// reject-stderr: BUG
#include "leak.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int signals, stop;
static int pipes[2];

static void count(int signal)
{
    (void)signal;
    signals++;
}

static void *waiter(void *unused)
{
    while (!stop) {
        CHECK(waitpid(-1, NULL, 0) == -1);
        CHECK(errno == ECHILD);
    }
    return unused;
}

static void *reader(void *unused)
{
    char byte;
    CHECK(read(pipes[0], &byte, 1) == 1);
    return unused;
}

static void *sleeper(void *unused)
{
    struct timespec time = {1, 0};
    CHECK(nanosleep(&time, NULL) == 0);
    return unused;
}

static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

int main(void)
{
    void *(*roles[])(void *) = {waiter, reader, sleeper};
    pthread_t threads[3];
    signal(SIGCHLD, count);
    CHECK(pipe(pipes) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, roles[i], NULL) == 0);
    int before = descriptors();
    for (int i = 0; i < 50; i++)
        CHECK(leaks_now() == 0);
    CHECK(descriptors() == before);
    CHECK(write(pipes[1], "x", 1) == 1);
    stop = 1;
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(signals == 0);
    sigset_t mask;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    for (int i = 1; i < 32; i++)
        CHECK(!sigismember(&mask, i));
    return 0;
}
