// finds: heap-overflow   mode: 1
// text: bytes written just past the end of an 8-byte object
// finds: write-overflow   mode: exact
// malloc(sizeof p) where sizeof *p was meant.
#include "fault.h"

struct point { long x, y, z; };
int main(void) {
    struct point *p = malloc(FAULT(sizeof p, sizeof *p));  // <- alloc
    p->x = 1;
    p->y = 0x0101010101010101;  // <- access
    free(p);  // <- check
}
