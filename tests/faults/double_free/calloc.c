// finds: double-free   mode: 1
#include "fault.h"

int main(void) {
    void *p = calloc(10, 10);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
