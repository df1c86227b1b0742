// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 40-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    p[FAULT(40, 39)] = 1;
    p = realloc(p, 4000);  // <- check
    free(p);
}
