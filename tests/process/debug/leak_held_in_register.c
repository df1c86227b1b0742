// An object that only a register of a caller of exit leads to is not leaked.
// env: KSLAB_DEBUG=1
// cflags: -O2 -fno-ipa-ra
// reject-stderr: BUG
#include "leak.h"

#include <stdio.h>

static NOINLINE void finish(void)
{
    exit(0);
}

// The compiler must not know that it does not come back: it would not keep the pointer then.
static void (*volatile end)(void) = finish;

int main(void)
{
    char *kept = malloc(hide_size(120));
    CHECK(kept != NULL);
    *kept = 0;
    wipe_stack();
    end();
    puts(kept);
    return 1;
}
