// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = calloc(1, 8193);  // <- alloc
    RIGHT(sink = p[8192];)
    free(p);  // <- free
    WRONG(sink = p[8192];)  // <- access
}
