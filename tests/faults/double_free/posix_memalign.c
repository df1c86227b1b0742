// finds: double-free   mode: 1
#include "fault.h"

int main(void) {
    void *p;
    if (posix_memalign(&p, 1024, 100) != 0) return 1;  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
