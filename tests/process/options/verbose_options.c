// KSLAB_VERBOSE=1 names what else was set to another value than its default, however it was written.
// forms: preload linked static
// env: KSLAB_VERBOSE=1 KSLAB_DECAY_MS=25 KSLAB_THREAD_CACHE=1048576 KSLAB_CLASSES=fine KSLAB_NODES=0 KSLAB_LIMIT=
// expect-stderr: ^kslab: active .*; with KSLAB_CLASSES=fine, KSLAB_THREAD_CACHE=1M, KSLAB_DECAY_MS=25$
#include "check.h"

int main(void)
{
    free(malloc(100));
    return 0;
}
