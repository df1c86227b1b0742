// A thread that waits for a vforked child cannot be stopped, and need not be: the scan does not wait for it.
// env: KSLAB_DEBUG=1
// alone: yes
// expect-stderr: memory leak: 100 bytes in 1 object
#include "leak.h"

#include <pthread.h>
#include <sys/wait.h>

static volatile int child_runs;

static void *vforker(void *unused)
{
    pid_t pid = vfork();
    if (pid == 0) {
        struct timespec time = {2, 0};
        child_runs = 1;
        nanosleep(&time, NULL);
        _exit(0);
    }
    CHECK(waitpid(pid, NULL, 0) == pid);
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, vforker, NULL) == 0);
    while (!child_runs)
        usleep(1000);
    new_hidden(100);
    double before = seconds_now();
    CHECK(leaks_now() == 1);
    double took = seconds_now() - before;
    CHECK_SAY(took < 1.5, "%f s", took);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
