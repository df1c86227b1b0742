// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 100-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = valloc(100);  // <- alloc
    kept = p;
    p[FAULT(-1, 0)] = 0;  // <- access
}
