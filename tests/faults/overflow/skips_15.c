// finds: heap-overflow   mode: 1
// text: 1 byte written 15 bytes past the end of a 64-byte object
// finds: write-overflow   mode: full
// text: 15 bytes past the end of a 64-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(64);  // <- alloc
    p[FAULT(79, 63)] = 1;  // <- access
    free(p);  // <- check
}
