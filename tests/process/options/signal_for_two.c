// One signal cannot ask for two things.
// env: KSLAB_DEBUG=F KSLAB_SIGNAL=10 KSLAB_SLABINFO=/dev/null KSLAB_SLABINFO_SIGNAL=10
// expect-stderr: ^kslab: KSLAB_SLABINFO_SIGNAL=10 is ignored: KSLAB_SIGNAL has that signal$
#include "check.h"

int main(void)
{
    free(malloc(10));
    return 0;
}
