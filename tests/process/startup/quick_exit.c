// quick_exit runs its handlers, which allocate; _Exit from inside of one ends the process at once.
// forms: preload static
// args: quick
// args: direct
// expect: exit 5
#include "check.h"

static void *kept;

static void handler(void)
{
    free(kept);
    free(malloc(100));
    free(malloc(10 << 20));
    _Exit(5);
}

int main(int argc, char **argv)
{
    kept = malloc(1000);
    CHECK(argc == 2 && at_quick_exit(handler) == 0);
    if (!strcmp(argv[1], "quick"))
        quick_exit(1);
    free(kept);
    _exit(5);
}
