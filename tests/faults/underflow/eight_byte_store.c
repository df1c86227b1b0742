// finds: heap-underflow   mode: 1
// text: 8 bytes written just before the start of a 100-byte object
// finds: write-underflow   mode: start
// text: 8 bytes before the start of a 100-byte object
#include "fault.h"

int main(void) {
    long *p = malloc(100);  // <- alloc
    p[FAULT(-1, 0)] = 1;  // <- access
    free(p);  // <- check
}
