// A crash that has nothing to do with the heap: what was damaged before is told all the same.
// env: KSLAB_DEBUG=FZPU
// expect: signal SEGV
// expect-stderr: ^BUG .*: Right Redzone overwritten$
// expect-stderr: found by validation at a crash in thread
#include "check.h"

int main(void)
{
    char *object = malloc(40);
    ((volatile char *)hide(object))[40] = 0;
    return *(volatile int *)hide(NULL);
}
