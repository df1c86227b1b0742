// finds: interior-free   mode: 1
// finds: interior-free   mode: full
// A page boundary inside an object of several pages.
#include "fault.h"

int main(void) {
    char *p = malloc(100000);  // <- alloc
    WRONG(free((char *)(((uintptr_t)p | 4095) + 1));)  // <- check
    free(p);
}
