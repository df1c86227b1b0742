// finds: read-after-free   mode: full
// text: 40-byte object that was freed
// label: quick
#include "fault.h"

int main(void) {
    char *p = calloc(1, 40);  // <- alloc
    RIGHT(sink = p[8];)
    free(p);  // <- free
    WRONG(sink = p[8];)  // <- access
}
