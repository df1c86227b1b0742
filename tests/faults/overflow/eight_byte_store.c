// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of a 40-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    long *p = malloc(5 * sizeof *p);  // <- alloc
    p[FAULT(5, 4)] = 1;  // <- access
    free(p);  // <- check
}
