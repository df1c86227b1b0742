// finds: read-overflow   mode: full
// text: just past the end of a 64-byte object
#include "fault.h"

int main(void) {
    long *p = calloc(8, sizeof *p);  // <- alloc
    sink = p[FAULT(8, 7)];  // <- access
    free(p);
}
