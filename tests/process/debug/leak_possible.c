// A block that only a pointer into its middle leads to may be in use: no leak, but a class of its own that is listed
// on demand. A pointer one past the end is none.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 64 bytes in 1 object that nothing points to$
// reject-stderr: BUG .*(kmalloc-(112|128)|large)
#include "leak.h"

char *inside, *inside_large, *behind;

int main(void)
{
    inside = (char *)reveal(new_hidden(100)) + 40;
    inside_large = (char *)reveal(new_hidden(1000000)) + 500000;
    behind = (char *)reveal(new_hidden(64)) + 64;
    CHECK(leaks_now() == 1);
    return 0;
}
