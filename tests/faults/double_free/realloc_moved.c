// finds: double-free   mode: 1
// The old pointer, after realloc has moved the object.
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    void *q = realloc(p, 40000);  // <- free
    WRONG(free(p);)  // <- check
    free(q);
}
