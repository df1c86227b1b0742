// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 4096-byte object
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    char *p = memalign(4096, 4096);  // <- alloc
    p[FAULT(4096, 4095)] = 1;  // <- access
    free(p);  // <- check
}
