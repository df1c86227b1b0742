// finds: read-overflow   mode: exact
// text: past the end of a 16-byte object
#include "fault.h"

int main(void) {
    static char zeroes[64];
    char *p = calloc(1, 16);  // <- alloc
    sink = memcmp(p, zeroes, FAULT(64, 16)) == 0;  // <- access
    free(p);
}
