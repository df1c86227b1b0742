// With descriptor 2 closed a bad free still ends in SIGABRT.
// forms: preload static
// expect: signal ABRT
#include "check.h"

int main(void)
{
    close(2);
    void *p = malloc(1 << 20);
    free(p);
    free(hide(p));
    _exit(0);
}
