// Standard error is a pipe that nobody reads any more: a report costs no signal, and a SIGPIPE of the program's own
// that waits stays.
// env: KSLAB_DEBUG=FZPU
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static void overflow(size_t size)
{
    char *p = malloc(size);
    ((volatile char *)p)[size] = 0;
    free(p);
}

int main(int argc, char **argv)
{
    if (argc > 1) { // started with the pipe as standard error
        overflow(40);
        sigset_t set;
        sigpending(&set);
        if (sigismember(&set, SIGPIPE))
            return 4;
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGPIPE);
        overflow(80);
        sigpending(&set);
        return sigismember(&set, SIGPIPE) ? 0 : 5;
    }
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        dup2(ends[1], 2);
        close(ends[1]);
        execl("/proc/self/exe", argv[0], "child", NULL);
        _exit(126);
    }
    close(ends[0]);
    close(ends[1]);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    return 0;
}
