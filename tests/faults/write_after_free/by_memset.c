// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// Wiped too late.
#include "fault.h"

int main(void) {
    char *p = strdup("a secret of the program's user");  // <- alloc
    RIGHT(memset(p, 0, 30);)
    free(p);  // <- free
    WRONG(memset(p, 0, 30);)  // <- access
}
