// finds: heap-overflow   mode: 1
// text: 1 byte written 8 bytes past the end of a 48-byte object
// finds: write-overflow   mode: full
// text: 8 bytes past the end of a 48-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(48);  // <- alloc
    p[FAULT(56, 47)] = 1;  // <- access
    free(p);  // <- check
}
