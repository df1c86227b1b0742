// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 1-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = malloc(1);  // <- alloc
    p[FAULT(-1, 0)] = 1;  // <- access
    free(p);  // <- check
}
