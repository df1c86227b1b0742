// KSLAB_FAIL alone: the third allocation of 4000 bytes fails with ENOMEM, no other does, and the log says so.
// forms: preload static
// env: KSLAB_FAIL=size:4000,nth:3,log:1
// expect-stderr: ^kslab: injected failure 1: malloc\(4000\) from kmalloc-4096 in thread [0-9]+$
#include "check.h"

int main(void)
{
    for (int i = 1; i <= 100; i++) {
        errno = 0;
        void *p = malloc(4000);
        CHECK((p == NULL) == (i == 3));
        CHECK(errno == (i == 3 ? ENOMEM : 0));
        free(p);
        CHECK(malloc_usable_size(p = malloc(4001)) >= 4001);
        free(p);
    }
    return 0;
}
