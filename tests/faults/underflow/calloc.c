// finds: heap-underflow   mode: 1
// text: 2 bytes written just before the start of a 20-byte object
#include "fault.h"

int main(void) {
    short *p = calloc(10, sizeof *p);  // <- alloc
    kept = p;
    for (int i = 9; i >= FAULT(-1, 0); i--) p[i] = 1;
}
