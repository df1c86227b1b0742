// Allocations before any constructor, the library's own included: the executable's preinit_array.
// forms: preload linked static static-pie
#include "check.h"

static char *early;
static void *big;

static void before_all(void)
{
    early = malloc(1000);
    CHECK(early);
    memset(early, 5, 1000);
    big = malloc(5 << 20);
    CHECK(big);
    free(calloc(1, 100));
    CHECK((early = realloc(early, 100000)));
}

__attribute__((section(".preinit_array"), used)) static void (*entry)(void) = before_all;

int main(void)
{
    CHECK(early && all_bytes_are(early, 5, 1000));
    if (kslab_owns)
        CHECK(kslab_owns(early) && kslab_owns(big));
    free(early);
    free(big);
    validate_heap();
    return 0;
}
