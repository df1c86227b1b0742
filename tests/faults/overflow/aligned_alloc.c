// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of a 128-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    double *p = aligned_alloc(64, 16 * sizeof *p);  // <- alloc
    p[FAULT(16, 15)] = 1.25e-7;  // <- access
    free(p);  // <- check
}
