// What sigaction and signal say about SIGSEGV and SIGBUS is what the program did, never anything of kslab's; and
// other signals are as ever.
//
// env: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=
// reject-stderr: .
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

static volatile int called;
static void one(int number) { called = number; }
static void two(int number, siginfo_t *info, void *context)
{
    (void)context;
    CHECK(info->si_signo == number);
    called = -number;
}

static void check_signal(int number)
{
    struct sigaction old, action;
    CHECK(sigaction(number, NULL, &old) == 0);
    CHECK(old.sa_handler == SIG_DFL && (old.sa_flags & ~0x04000000) == 0);
    CHECK(signal(number, one) == SIG_DFL);
    CHECK(sigaction(number, NULL, &old) == 0);
    CHECK(old.sa_handler == one && (old.sa_flags & ~0x04000000) == SA_RESTART);
    CHECK(sigismember(&old.sa_mask, number) == 1 && sigismember(&old.sa_mask, SIGUSR1) == 0);
    raise(number);
    CHECK(called == number);

    memset(&action, 0, sizeof action);
    action.sa_sigaction = two;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
    sigfillset(&action.sa_mask);
    CHECK(sigaction(number, &action, &old) == 0 && old.sa_handler == one);
    CHECK(sigaction(number, NULL, &old) == 0 && old.sa_sigaction == two);
    CHECK((old.sa_flags & ~0x04000000) == (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER));
    CHECK(sigismember(&old.sa_mask, SIGUSR2) == 1 && sigismember(&old.sa_mask, SIGKILL) == 0);
    raise(number);
    CHECK(called == -number);
    CHECK(sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_DFL);

    CHECK(signal(number, SIG_IGN) == SIG_DFL);
    raise(number);
    kill(getpid(), number);
    CHECK(signal(number, SIG_DFL) == SIG_IGN);
    CHECK(signal(number, SIG_ERR) == SIG_ERR && errno == EINVAL);
}

int main(void)
{
    check_signal(SIGSEGV);
    check_signal(SIGBUS);
    check_signal(SIGABRT);
    check_signal(SIGTERM);
    errno = 0;
    CHECK(sigaction(SIGKILL, &(struct sigaction){.sa_handler = one}, NULL) == -1 && errno == EINVAL);
    CHECK(sigaction(1000, NULL, NULL) == -1 && errno == EINVAL);
    CHECK(signal(0, one) == SIG_ERR);

    // A child of vfork shares memory, but not what is installed.
    CHECK(signal(SIGSEGV, one) == SIG_DFL);
    pid_t child = vfork();
    if (child == 0) {
        struct sigaction none = {.sa_handler = SIG_DFL}, old;
        if (sigaction(SIGSEGV, &none, &old) != 0 || old.sa_handler != one)
            _exit(1);
        if (sigaction(SIGSEGV, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
            _exit(2);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    struct sigaction old;
    CHECK(sigaction(SIGSEGV, NULL, &old) == 0 && old.sa_handler == one);
    called = 0;
    raise(SIGSEGV);
    CHECK(called == SIGSEGV);

    child = fork();
    if (child == 0) {
        CHECK(signal(SIGSEGV, SIG_DFL) == one);
        raise(SIGSEGV);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return 0;
}
