// finds: read-underflow   mode: start
// text: 4 bytes before the start of a 64-byte object
#include "fault.h"

static void *peek(void *p) {
    sink = ((int *)p)[FAULT(-1, 0)];  // <- access
    return NULL;
}
int main(void) {
    int *p = calloc(16, sizeof *p);  // <- alloc
    in_thread(peek, p);
    free(p);
}
