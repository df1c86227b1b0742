// finds: double-free   mode: 1
// finds: double-free   mode: full
#include "fault.h"

int main(void) {
    void *p = malloc(100000);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
