// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(8192);  // <- alloc
    RIGHT(p[5000] = 0;)
    free(p);  // <- free
    WRONG(p[5000] = 0;)  // <- access
}
