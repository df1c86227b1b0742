// A block that nothing points to any more is reported at exit, with its size and where it came from; blocks that a
// static variable leads to are not. The program's own status stays. (In a static program kslab's own records, which lead to
// first objects, lie among the program's variables.)
// forms: preload static
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=ZL
// expect: exit 3
// expect-stderr: ^BUG kmalloc-[0-9]+ \(.*\): Memory leak$
// expect-stderr: memory leak: 100 bytes in 1 object that nothing points to$
// reject-stderr: memory leak: (77|78)
// reject-stderr: 2 leaks
#include "leak.h"

static void *kept;
void *kept_too;

int main(void)
{
    new_hidden(100);
    kept = reveal(new_hidden(77));
    kept_too = reveal(new_hidden(78));
    hide(&kept);
    wipe_stack();
    return 3;
}
