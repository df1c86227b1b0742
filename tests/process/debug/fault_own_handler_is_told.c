// The program has a handler, and a fault on a guarded object: the report comes first, then the handler.
//
// expect: exit 7
// env: KSLAB_DEBUG=full
// expect-stderr: ^BUG .*Use-after-free read
// expect-stderr: ^the handler ran
#include <signal.h>

#include "check.h"

static volatile char *object;

static void handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    CHECK(number == SIGSEGV && info->si_addr == (void *)(object + 5));
    say("the handler ran");
    _exit(7);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    object = hide(malloc(50));
    free(hide((void *)object));
    return object[5];
}
