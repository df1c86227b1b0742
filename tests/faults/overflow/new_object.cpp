// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of a 4-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main() {
    volatile int *p = new int(7);  // <- alloc
    p[FAULT(1, 0)] = 0;  // <- access
    delete p;  // <- check
}
