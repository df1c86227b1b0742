// The program's SIGABRT handler runs after the report, and may allocate without hanging: no lock is
// held by then.
// forms: preload static
// expect: exit 7
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"
#include <signal.h>

static void handler(int number)
{
    (void)number;
    for (size_t size = 1; size < 10000000; size *= 2)
        free(malloc(size));
    _exit(7);
}

int main(void)
{
    signal(SIGABRT, handler);
    void *p = malloc(1 << 20);
    free(p);
    free(hide(p));
    return 0;
}
