// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = calloc(1, 40);  // <- alloc
    char *q = realloc(p, 40000);  // <- free
    sink = FAULT(p, q)[24];  // <- access
    free(q);
}
