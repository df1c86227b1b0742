// finds: double-free   mode: 1
// The pattern that a look at the object freed last does not see.
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    void *q = malloc(40);
    free(p);  // <- free
    free(q);
    WRONG(free(p);)  // <- check
}
