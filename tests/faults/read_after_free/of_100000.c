// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = calloc(1, 100000);  // <- alloc
    RIGHT(sink = p[70000];)
    free(p);  // <- free
    WRONG(sink = p[70000];)  // <- access
}
