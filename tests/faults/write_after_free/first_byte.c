// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(100);  // <- alloc
    RIGHT(p[0] = 0;)
    free(p);  // <- free
    WRONG(p[0] = 0;)  // <- access
}
