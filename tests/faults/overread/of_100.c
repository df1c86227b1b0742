// finds: read-overflow   mode: exact
// text: 7 bytes past the end of a 100-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 100);  // <- alloc
    sink = p[FAULT(107, 99)];  // <- access
    free(p);
}
