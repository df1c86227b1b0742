// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 100-byte object
// label: quick
#include "fault.h"

int main(void) {
    void *p;
    if (posix_memalign(&p, 256, 100) != 0) return 1;  // <- alloc
    ((char *)p)[FAULT(100, 99)] = 1;
    free(p);  // <- check
}
