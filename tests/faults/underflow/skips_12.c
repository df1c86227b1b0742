// finds: heap-underflow   mode: 1
// text: 4 bytes written 16 bytes before the start of a 64-byte object
// finds: write-underflow   mode: start
// text: 16 bytes before the start of a 64-byte object
#include "fault.h"

int main(void) {
    int *p = malloc(64);  // <- alloc
    p[FAULT(-4, 0)] = 0x01020304;  // <- access
    free(p);  // <- check
}
