// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(56);  // <- alloc
    free(p);  // <- free
    for (int i = 0; i < 10000; i++) free(malloc(100 + i % 50));
    WRONG(memcpy(p + 20, "late", 4);)  // <- access
}
