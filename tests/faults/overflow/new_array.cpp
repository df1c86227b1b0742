// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 30-byte object
// finds: write-overflow   mode: exact
// label: quick
#include "fault.h"

int main() {
    volatile char *p = new char[30];  // <- alloc
    p[FAULT(30, 29)] = 1;  // <- access
    delete[] p;  // <- check
}
