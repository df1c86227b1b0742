// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 1-byte object
// finds: write-overflow   mode: exact
// text: just past the end of a 1-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(1);  // <- alloc
    p[FAULT(1, 0)] = 'x';  // <- access
    free(p);  // <- check
}
