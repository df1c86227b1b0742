// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 4194304-byte object
// finds: write-overflow   mode: full
// label: quick
#include "fault.h"

int main(void) {
    const size_t size = 4 << 20;
    char *p = malloc(size);  // <- alloc
    p[FAULT(size, size - 1)] = 1;  // <- access
    free(p);  // <- check
}
