// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 192-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    char from[256] = "source";
    char *p = malloc(192);  // <- alloc
    memcpy(p, from, FAULT(193, 192));  // <- access
    free(p);  // <- check
}
