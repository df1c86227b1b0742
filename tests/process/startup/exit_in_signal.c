// _exit in a handler that interrupted malloc ends the process without waiting for anything.
// forms: preload static
#include "check.h"
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static void leave(int number)
{
    (void)number;
    _exit(3);
}

int main(void)
{
    for (int round = 0; round < 100; round++) {
        pid_t child = fork();
        if (child == 0) {
            signal(SIGALRM, leave);
            struct itimerval soon = {{0, 0}, {0, 500 + round * 37}};
            setitimer(ITIMER_REAL, &soon, NULL);
            for (;;) {
                void *p = malloc(100), *q = malloc(100000);
                free(p);
                free(q);
            }
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    return 0;
}
