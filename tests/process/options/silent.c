// Unless asked, the library writes nothing, neither at the start nor at the end.
// forms: preload linked static static-pie
// variant: KSLAB_VERBOSE=0
// variant: KSLAB_VERBOSE=
// reject-stderr: .
#include "check.h"

int main(void)
{
    free(malloc(100));
    void *leaked = malloc(1000);
    return !leaked;
}
