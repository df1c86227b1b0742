// finds: read-overflow   mode: full
// text: past the end of a 48-byte object
#include "fault.h"

static void *sum(void *p) {
    long total = 0;
    for (int i = 0; i < FAULT(7, 6); i++)
        total += ((volatile long *)p)[i];  // <- access
    return (void *)(total & 0);
}
int main(void) {
    long *p = calloc(6, sizeof *p);  // <- alloc
    in_thread(sum, p);
    free(p);
}
