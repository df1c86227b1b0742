// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of an 80-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    int *p = calloc(20, sizeof *p);  // <- alloc
    for (int i = 0; i <= FAULT(20, 19); i++)
        p[i] = 1;  // <- access
    free(p);  // <- check
}
