// KSLAB_VERBOSE=1 says once, and in one line, that the library is active.
// forms: preload linked static
// env: KSLAB_VERBOSE=1
// expect-stderr: ^kslab: active
#include "check.h"

int main(void)
{
    free(malloc(100));
    return 0;
}
