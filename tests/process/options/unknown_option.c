// A mistyped option gives one line that names it and the nearest right one; nothing else changes.
// forms: preload static
// env: KSLAB_VERBOS=1
// expect: exit 3
// expect-stderr: ^kslab: .*KSLAB_VERBOS\b.*KSLAB_VERBOSE
#include "check.h"

int main(void)
{
    free(malloc(100));
    return 3;
}
