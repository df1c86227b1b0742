// finds: read-underflow   mode: start
// text: 8 bytes before the start of an 80-byte object
#include "fault.h"

int main(void) {
    long *p = calloc(10, sizeof *p);  // <- alloc
    sink = p[FAULT(-1, 0)];  // <- access
    free(p);
}
