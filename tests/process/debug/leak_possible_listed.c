// With KSLAB_LEAKS=possible blocks that only pointers into their middle lead to are listed, with what they lead to.
// env: KSLAB_DEBUG=1 KSLAB_LEAKS=possible
// expect-stderr: ^BUG .*: Possible memory leak$
// expect-stderr: possible memory leak: 100 bytes in 1 object
// expect-stderr: possible memory leak: 50 bytes in 1 object
// reject-stderr: BUG .*: Memory leak
#include "leak.h"

char *inside;

int main(void)
{
    void **p = reveal(new_hidden(100));
    *p = reveal(new_hidden(50));
    inside = (char *)p + 40;
    p = hide(NULL);
    wipe_stack();
    return 0;
}
