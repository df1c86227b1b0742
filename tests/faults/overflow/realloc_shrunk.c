// finds: heap-overflow   mode: 1
// text: 1 byte written 4 bytes past the end of a 56-byte object
// What was the object's own before it shrank.
#include "fault.h"

int main(void) {
    char *p = malloc(64);
    p = realloc(p, 56);  // <- alloc
    p[FAULT(60, 55)] = 1;
    free(p);  // <- check
}
