// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 24-byte object
// finds: heap-overflow   mode: full
// text: 1 byte written just past the end of a 24-byte object
// An aligned end leaves 8 bytes to the guard page: with them the redzone finds it.
#include "fault.h"

int main(void) {
    char *p = malloc(24);  // <- alloc
    memset(p, 0, FAULT(25, 24));
    free(p);  // <- check
}
