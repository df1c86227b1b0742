// finds: interior-free   mode: 1
// finds: interior-free   mode: full
#include "fault.h"

int main(void) {
    char *p = malloc(192);  // <- alloc
    WRONG(free(p + 16);)  // <- check
    free(p);
}
