// finds: read-underflow   mode: start
// text: 1 byte before the start of a 64-byte object
#include "fault.h"

int main(void) {
    char *p = memalign(64, 64);  // <- alloc
    p[0] = 0;
    sink = p[FAULT(-1, 0)];  // <- access
    free(p);
}
