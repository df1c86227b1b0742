// finds: read-underflow   mode: start
// text: 1 byte before the start of a 1-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 1);  // <- alloc
    sink = p[FAULT(-1, 0)];  // <- access
    free(p);
}
