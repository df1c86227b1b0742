// Leaks make the exit status that is asked for.
// env: KSLAB_DEBUG=L KSLAB_LEAK_EXITCODE=9
// expect: exit 9
// expect-stderr: memory leak: 100 bytes in 1 object
#include "leak.h"

int main(void)
{
    new_hidden(100);
    wipe_stack();
    return 0;
}
