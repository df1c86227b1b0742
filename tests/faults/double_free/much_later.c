// finds: double-free   mode: 1
// Other sizes come and go in between.
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    free(p);  // <- free
    for (int i = 0; i < 100000; i++) free(malloc(1000 + i % 500));
    WRONG(free(p);)  // <- check
}
