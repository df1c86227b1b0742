// KSLAB_SAMPLE_GUARD=1 guards every slow allocation, the first of a size and thread among them.
// expect: signal SEGV
// env: KSLAB_SAMPLE_GUARD=1
// expect-stderr: ^BUG .*Out-of-bounds read
// expect-stderr: ^allocated by thread .* with malloc\(112\)
#include <pthread.h>

#include "check.h"

static volatile char *object;

static void *first(void *unused)
{
    (void)unused;
    object = hide(malloc(112));
    return NULL;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, first, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    say("nothing was found (%d)", object[112]);
    return 0;
}
