// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of an 8193-byte object
// finds: write-overflow   mode: exact
// label: quick
#include "fault.h"

int main(void) {
    char *p = calloc(1, 8193);  // <- alloc
    memmove(p + FAULT(4097, 4096), p, 4097);  // <- access
    free(p);  // <- check
}
