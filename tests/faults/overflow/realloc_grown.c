// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 200-byte object
// finds: write-overflow   mode: exact
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(20);
    p = realloc(p, 200);  // <- alloc
    p[FAULT(200, 199)] = 1;  // <- access
    free(p);  // <- check
}
