// KSLAB_ON_ERROR=abort: one report, then the program's own handler of SIGABRT, in which it may still allocate.
// env: KSLAB_DEBUG=FZPU KSLAB_ON_ERROR=abort
// expect: signal ABRT
// expect-stderr: ^BUG .*: Right Redzone overwritten$
// expect-stderr: ^handler$
// reject-stderr: ^went on$
#include "check.h"
#include <signal.h>

static void on_abort(int signal_number)
{
    (void)signal_number;
    free(malloc(100));
    say("handler");
}

int main(void)
{
    signal(SIGABRT, on_abort);
    char *p = malloc(40);
    ((volatile char *)p)[40] = 0;
    free(p);
    say("went on");
    return 0;
}
