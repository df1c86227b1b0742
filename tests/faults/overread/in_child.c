// finds: read-overflow   mode: full
// text: just past the end of a 32-byte object
// exit: 99
#include "fault.h"

static void work(void) {
    char *p = calloc(1, 32);  // <- alloc
    sink = p[FAULT(32, 31)];  // <- access
    free(p);
}
int main(void) { in_child(work); }
