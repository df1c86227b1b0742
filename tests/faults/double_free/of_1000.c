// finds: double-free   mode: 1
#include "fault.h"

int main(void) {
    void *p = malloc(1000);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
