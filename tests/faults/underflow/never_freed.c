// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 24-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(24);  // <- alloc
    kept = p;
    p[FAULT(-1, 0)] = 0;
}
