// finds: heap-overflow   mode: 1
// text: 4 bytes written 12 bytes past the end of a 40-byte object
#include "fault.h"

int main(void) {
    int *p = malloc(10 * sizeof *p);  // <- alloc
    p[FAULT(13, 9)] = 0x01020304;
    free(p);  // <- check
}
