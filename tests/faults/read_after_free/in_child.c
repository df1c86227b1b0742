// finds: read-after-free   mode: full
// exit: 99
#include "fault.h"

static void work(void) {
    char *p = calloc(1, 300);  // <- alloc
    RIGHT(sink = p[200];)
    free(p);  // <- free
    WRONG(sink = p[200];)  // <- access
}
int main(void) { in_child(work); }
