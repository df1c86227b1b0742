// finds: double-free   mode: 1
// finds: double-free   mode: full
// No byte of it may be used, but it is an object.
#include "fault.h"

int main(void) {
    void *p = malloc(0);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
