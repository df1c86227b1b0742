// finds: heap-underflow   mode: 1
// text: 1 byte written 8 bytes before the start of a 4194304-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = malloc(4 << 20);  // <- alloc
    kept = p;
    p[FAULT(-8, 8)] = 0;  // <- access
}
