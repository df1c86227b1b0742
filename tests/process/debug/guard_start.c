// KSLAB_GUARD=start: objects begin behind the guard page, and a read before the start faults.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full KSLAB_GUARD=start
// args: r
// args: r 4000
// expect-stderr: ^BUG .*Out-of-bounds read before start
// expect-stderr: ^heap underflow: a read .* before the start of a 40-byte object
#include "check.h"

int main(int argc, char **argv)
{
    (void)argv;
    volatile char *object = hide(malloc(40));
    object[0] = 1;
    return object[argc == 2 ? -1 : -16];
}
