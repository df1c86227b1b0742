// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = calloc(1, 1);  // <- alloc
    RIGHT(sink = *p;)
    free(p);  // <- free
    WRONG(sink = *p;)  // <- access
}
