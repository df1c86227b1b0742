// EXITCODE turns an error into an exit status; the same defect at the same place is reported once and counted.
// env: KSLAB_DEBUG=FZPU KSLAB_EXITCODE=9
// expect: exit 9
// expect-stderr: ^SUMMARY .*: 1 error and 0 leaks$
// expect-stderr: ^       1  Right Redzone overwritten, repeated 9 times$
#include "check.h"

__attribute__((noinline)) static void overflow(void)
{
    char *p = malloc(40);
    ((volatile char *)p)[40] = 0;
    free(p);
}

int main(void)
{
    for (int i = 0; i < 10; i++)
        overflow();
    return 0;
}
