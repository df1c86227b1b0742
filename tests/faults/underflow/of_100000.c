// finds: heap-underflow   mode: 1
// text: 8 bytes written just before the start of a 100000-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = malloc(100000);  // <- alloc
    kept = p;
    memset(p - FAULT(8, 0), 0, 8);  // <- access
}
