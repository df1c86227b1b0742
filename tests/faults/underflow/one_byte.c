// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 40-byte object
// finds: write-underflow   mode: start
// text: 1 byte before the start of a 40-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    p[FAULT(-1, 0)] = 1;  // <- access
    free(p);  // <- check
}
