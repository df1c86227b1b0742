// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = aligned_alloc(64, 640);  // <- alloc
    p[600] = 0;
    RIGHT(sink = p[600];)
    free(p);  // <- free
    WRONG(sink = p[600];)  // <- access
}
