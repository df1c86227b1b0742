// Without a quarantine the record of a large object goes at the first free: the second one is reported all the same,
// and the program goes on.
// env: KSLAB_DEBUG=FZPU
// variant: KSLAB_DEBUG=G
// expect-stderr: ^BUG .*: Invalid object pointer
// expect-stdout: ^went on
#include "check.h"

int main(void)
{
    char *object = hide(malloc(100000));
    free(object);
    free(hide(object));
    printf("went on\n");
}
