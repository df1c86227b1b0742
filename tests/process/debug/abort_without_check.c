// The program's own handler of SIGABRT is called as ever. Who is killed by the signal may be anywhere, in malloc as well: no check.
// env: KSLAB_DEBUG=FZPU
// args: handler
// args: killed
// reject-stderr: BUG
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

static void on_abort(int signal)
{
    free(malloc(100));
    _exit(signal == SIGABRT ? 0 : 1);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    struct sigaction action;
    CHECK(sigaction(SIGABRT, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    char *object = malloc(40);
    ((volatile char *)hide(object))[40] = 0;
    if (strcmp(argv[1], "handler") == 0) {
        CHECK(signal(SIGABRT, on_abort) == SIG_DFL);
        abort();
    }
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            free(malloc(100));
    }
    usleep(10000);
    int status;
    CHECK(kill(child, SIGABRT) == 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    _exit(0);
}
