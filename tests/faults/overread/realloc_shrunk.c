// finds: read-overflow   mode: exact
// text: past the end of a 56-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 64);
    p = realloc(p, 56);  // <- alloc
    sink = p[FAULT(60, 55)];  // <- access
    free(p);
}
