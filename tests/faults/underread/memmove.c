// finds: read-underflow   mode: start
// text: 12 bytes before the start of a 100-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 100);  // <- alloc
    memmove(p, p - FAULT(12, 0), 50);  // <- access
    free(p);
}
