// A program that inherits an ignored SIGSEGV: it stays ignored when somebody sends it, and what it executes inherits
// that again; so the handler that would report a fault is not there, and a fault kills all the same.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: first
// reject-stderr: ^BUG
// expect-stderr: ^still here
#include <signal.h>

#include "check.h"

int main(int argc, char **argv)
{
    if (argc == 2) {
        // By the system call, as a shell that has no kslab would leave it.
        struct {
            void *handler;
            unsigned long flags;
            void *restorer;
            unsigned long mask;
        } ignore = {SIG_IGN, 0, NULL, 0};
        CHECK(syscall(13, SIGSEGV, &ignore, NULL, 8) == 0);
        char *arguments[] = {argv[0], NULL};
        execv("/proc/self/exe", arguments);
        CHECK(!"exec");
    }
    struct sigaction old;
    CHECK(sigaction(SIGSEGV, NULL, &old) == 0 && old.sa_handler == SIG_IGN);
    kill(getpid(), SIGSEGV);
    raise(SIGSEGV);
    say("still here");
    volatile char *object = hide(malloc(10));
    free(hide((void *)object));
    return object[0];
}
