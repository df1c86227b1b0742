// The program's own handler of SIGABRT is called as ever, and a signal in the middle of malloc, where the thread holds locks, ends the
// program as soon as any: that the heap is not checked is then said.
// env: KSLAB_DEBUG=FZPU
// args: handler
// args: within
// reject-stderr: BUG
#include "check.h"

#include <signal.h>
#include <unistd.h>
#include <sys/time.h>
#include <sys/wait.h>

static void on_abort(int signal)
{
    free(malloc(100));
    _exit(signal == SIGABRT ? 0 : 1);
}

static void on_alarm(int signal)
{
    (void)signal;
    abort();
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    struct sigaction action;
    CHECK(sigaction(SIGABRT, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    if (strcmp(argv[1], "handler") == 0) {
        char *object = malloc(40);
        ((volatile char *)hide(object))[40] = 0;
        CHECK(signal(SIGABRT, on_abort) == SIG_DFL);
        abort();
    }
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (child == 0) {
            close_range(2, ~0U, 0);  // some say so
            signal(SIGALRM, on_alarm);
            struct itimerval soon = {{0, 0}, {0, 1000 + 100 * round}};
            setitimer(ITIMER_REAL, &soon, NULL);
            for (;;)
                free(malloc(100));
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    _exit(0);
}
