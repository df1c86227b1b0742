// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(100000);  // <- alloc
    RIGHT(memset(p + 50000, 0, 50000);)
    free(p);  // <- free
    WRONG(memset(p + 50000, 0, 50000);)  // <- access
}
