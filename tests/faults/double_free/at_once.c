// finds: double-free   mode: 1
// finds: double-free   mode: full
// text: 40-byte object
// label: quick
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
