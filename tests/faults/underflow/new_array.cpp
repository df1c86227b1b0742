// finds: heap-underflow   mode: 1
// text: 4 bytes written just before the start of a 40-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main() {
    volatile int *p = new int[10];  // <- alloc
    p[FAULT(-1, 0)] = 1;  // <- access
    delete[] p;  // <- check
}
