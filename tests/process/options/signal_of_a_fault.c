// A signal that says that the program failed is not taken: its handler would return to the fault for ever.
// env: KSLAB_DEBUG=F KSLAB_SIGNAL=11 KSLAB_SLABINFO=/dev/null KSLAB_SLABINFO_SIGNAL=9
// expect-stderr: ^kslab: KSLAB_SIGNAL=11 is ignored: a signal is expected that can be caught and is no fault, such as 10 \(SIGUSR1\)$
// expect-stderr: ^kslab: KSLAB_SLABINFO_SIGNAL=9 is ignored: a signal is expected that can be caught and is no fault
#include "check.h"
#include <signal.h>

int main(void)
{
    struct sigaction action;
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0);
    free(malloc(10));
    return 0;
}
