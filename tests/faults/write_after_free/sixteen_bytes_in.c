// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

int main(void) {
    double *p = calloc(100, sizeof *p);  // <- alloc
    RIGHT(p[2] = 1.5;)
    free(p);  // <- free
    WRONG(p[2] = 1.5;)  // <- access
}
