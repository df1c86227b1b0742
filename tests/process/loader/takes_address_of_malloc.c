// A program that only takes the address of malloc does not define it, even where a non-PIE
// executable's &malloc is its own PLT entry: the library must stay active.
// cflags: -fno-pie
// link: -no-pie
// env: KSLAB_VERBOSE=1
// expect-stderr: ^kslab: active
#include "check.h"

static void *(*volatile allocate)(size_t) = malloc;
static void (*volatile release)(void *) = free;

int main(void)
{
    void *p = allocate(100);
    if (kslab_is_active)
        CHECK(kslab_is_active() == 1 && kslab_owns(p));
    release(p);
    return 0;
}
