// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 3000000-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(1000000);
    p = realloc(p, 3000000);  // <- alloc
    p[FAULT(3000000, 2999999)] = 1;  // <- access
    free(p);  // <- check
}
