// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of an 8192-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = malloc(8192);  // <- alloc
    kept = p;
    p[FAULT(-1, 0)] = 0;  // <- access
}
