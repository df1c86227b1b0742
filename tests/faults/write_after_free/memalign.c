// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

int main(void) {
    char *p = memalign(128, 500);  // <- alloc
    RIGHT(p[499] = 1;)
    free(p);  // <- free
    WRONG(p[499] = 1;)  // <- access
}
