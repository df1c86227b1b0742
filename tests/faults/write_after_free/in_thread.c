// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// Freed by the main thread, written by another.
#include "fault.h"

static void *write_to(void *p) {
    ((long *)p)[3] = 1;  // <- access
    return NULL;
}
int main(void) {
    long *p = malloc(64);  // <- alloc
    RIGHT(in_thread(write_to, p);)
    free(p);  // <- free
    WRONG(in_thread(write_to, p);)
}
