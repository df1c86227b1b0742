// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of a 17-byte object
// finds: write-overflow   mode: exact
// Elements counted, their size forgotten.
#include "fault.h"

int main(void) {
    char *p = calloc(17, 1);  // <- alloc
    memset(p + FAULT(17, 13), 0, 4);  // <- access
    free(p);  // <- check
}
