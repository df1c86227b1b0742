// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// Where freed memory of this size goes back to the system at once, the write faults there.
#include "fault.h"

int main(void) {
    char *p = malloc(4 << 20);  // <- alloc
    RIGHT(p[2 << 20] = 0;)
    free(p);  // <- free
    WRONG(p[2 << 20] = 0;)  // <- access
}
