// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 41-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    char *p = malloc(40);
    p = realloc(p, 41);  // <- alloc
    p[FAULT(41, 40)] = 1;  // <- access
    free(p);  // <- check
}
