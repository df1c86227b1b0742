// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 100000-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    volatile char *p = malloc(100000);  // <- alloc
    for (int i = 0; i < FAULT(100001, 100000); i++)
        p[i] = 0;  // <- access
    free((void *)p);  // <- check
}
