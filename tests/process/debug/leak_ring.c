// A ring that nothing outside points to is leaked, though each of its blocks is pointed to.
// env: KSLAB_DEBUG=1
// expect-stderr: memory leak: 64 bytes in 1 object that nothing points to, and 192 bytes in 3 objects reachable
// expect-stderr: memory leak: 32 bytes in 1 object that nothing points to$
// expect-stderr: SUMMARY .* and 2 leaks$
#include "leak.h"

static NOINLINE void ring(void)
{
    void **first = reveal(new_hidden(64));
    void **last = first;
    for (int i = 1; i < 4; i++) {
        *last = reveal(new_hidden(64));
        last = *last;
    }
    *last = first;
}

static NOINLINE void itself(void)
{
    void **p = reveal(new_hidden(32));
    *p = p;
}

int main(void)
{
    ring();
    itself();
    wipe_stack();
    return 0;
}
