// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 40-byte object
// finds: write-overflow   mode: exact
// text: just past the end of a 40-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    memset(p, 'a', 39);
    p[FAULT(40, 39)] = '\0';  // <- access
    free(p);  // <- check
}
