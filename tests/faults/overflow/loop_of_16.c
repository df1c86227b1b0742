// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 16-byte object
// finds: write-overflow   mode: full
// text: just past the end of a 16-byte object
// label: quick
#include "fault.h"

int main(void) {
    volatile char *p = malloc(16);  // <- alloc
    for (int i = 0; i < FAULT(17, 16); i++)
        p[i] = (char)i;  // <- access
    free((void *)p);  // <- check
}
