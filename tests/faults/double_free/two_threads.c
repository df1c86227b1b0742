// finds: double-free   mode: 1
// Allocated in one thread, freed in a second, and again in a third; each ends before the next begins.
#include "fault.h"

static void *allocate(void *unused) {
    return malloc(96);  // <- alloc
}
static void *release(void *p) {
    free(p);  // <- free, check
    return NULL;
}
int main(void) {
    void *p = in_thread(allocate, NULL);
    in_thread(release, p);
    WRONG(in_thread(release, p);)
}
