// A thread that another process traces cannot be stopped: the scan takes place without.
// env: KSLAB_DEBUG=1
// expect-stderr: memory leak: 100 bytes in 1 object
// expect-stderr: pointers in their registers were not seen
#include "leak.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int pipes[2];
static volatile int thread_id;

static void *sleeper(void *unused)
{
    char byte;
    thread_id = (int)syscall(SYS_gettid);
    while (read(pipes[0], &byte, 1) != 1)
        ;
    return unused;
}

int main(void)
{
    pthread_t thread;
    int attached[2];
    CHECK(pipe(pipes) == 0 && pipe(attached) == 0);
    CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
    while (thread_id == 0)
        usleep(1000);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    pid_t debugger = fork();
    CHECK(debugger >= 0);
    if (debugger == 0) {
        char done = ptrace(PTRACE_SEIZE, thread_id, 0, 0) == 0;
        CHECK(write(attached[1], &done, 1) == 1);
        pause();
    }
    char done = 0;
    CHECK(read(attached[0], &done, 1) == 1);
    if (!done)
        skip("ptrace is forbidden here");
    new_hidden(100);
    double before = seconds_now();
    CHECK(leaks_now() == 1);
    CHECK(seconds_now() - before < 5);
    CHECK(kill(debugger, SIGKILL) == 0);
    CHECK(waitpid(debugger, NULL, 0) == debugger);
    CHECK(write(pipes[1], "x", 1) == 1);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
