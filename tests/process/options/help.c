// KSLAB_HELP=1 prints the table of all options; the program runs as usual.
// forms: preload static
// env: KSLAB_HELP=1
// expect: exit 3
// own-lines: any
// expect-stderr: KSLAB_VERBOSE
// expect-stderr: KSLAB_REALLOC_ZERO
// expect-stderr: KSLAB_THREAD_CACHE
// expect-stderr: KSLAB_DEEPBIND
// expect-stderr: KSLAB_LIMIT
// expect-stderr: KSLAB_HELP
#include "check.h"

int main(void)
{
    free(malloc(100));
    return 3;
}
