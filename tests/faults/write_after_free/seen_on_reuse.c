// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// More is freed than the quarantine holds: the object leaves it, and is checked, long before the end.
#include "fault.h"

int main(void) {
    char *p = malloc(2000);  // <- alloc
    free(p);  // <- free
    WRONG(p[1000] = 1;)  // <- access
    for (int i = 0; i < 1200; i++) free(malloc(100000));
}
