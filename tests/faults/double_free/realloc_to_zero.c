// finds: double-free   mode: 1
// realloc(p, 0) has freed it.
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    void *q = realloc(p, 0);  // <- free
    free(FAULT(p, q));  // <- check
}
