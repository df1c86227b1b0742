// finds: read-overflow   mode: exact
// text: just past the end of a 1-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = calloc(1, 1);  // <- alloc
    sink = p[FAULT(1, 0)];  // <- access
    free(p);
}
