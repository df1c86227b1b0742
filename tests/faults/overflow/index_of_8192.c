// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of an 8192-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(8192);  // <- alloc
    p[FAULT(8192, 8191)] = 1;  // <- access
    free(p);  // <- check
}
