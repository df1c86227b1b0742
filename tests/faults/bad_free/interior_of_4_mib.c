// finds: interior-free   mode: 1
// finds: interior-free   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(4 << 20);  // <- alloc
    WRONG(free(p + (2 << 20));)  // <- check
    free(p);
}
