// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// The old pointer, after realloc has moved the object.
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    char *q = realloc(p, 40000);  // <- free
    *FAULT(p, q) = 1;  // <- access
    free(q);
}
