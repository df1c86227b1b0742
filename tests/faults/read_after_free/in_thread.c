// finds: read-after-free   mode: full
#include "fault.h"

static void *peek(void *p) {
    sink = ((long *)p)[3];  // <- access
    return NULL;
}
int main(void) {
    long *p = calloc(8, sizeof *p);  // <- alloc
    RIGHT(in_thread(peek, p);)
    free(p);  // <- free
    WRONG(in_thread(peek, p);)
}
