// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of an 800-byte object
// finds: write-overflow   mode: full
#include "fault.h"

static void *fill(void *p) {
    for (long i = 0; i < FAULT(101, 100); i++)
        ((long *)p)[i] = i;  // <- access
    return p;
}
int main(void) {
    long *p = malloc(100 * sizeof *p);  // <- alloc
    in_thread(fill, p);
    free(p);  // <- check
}
