// A program that crashes does so as without the library: its signal, its handler, no text of ours.
// forms: preload static
// args: handled
// args: unhandled
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static void handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    _exit(number == SIGSEGV && info->si_addr == (void *)16 ? 3 : 4);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    int handled = !strcmp(argv[1], "handled");
    pid_t child = fork();
    if (child == 0) {
        if (handled) {
            struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
            sigaction(SIGSEGV, &action, NULL);
        }
        free(malloc(100));
        *(volatile int *)hide((void *)16) = 1;
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (handled)
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
    else
        CHECK_SAY(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", (unsigned)status);
    return 0;
}
