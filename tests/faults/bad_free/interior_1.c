// finds: interior-free   mode: 1
// finds: interior-free   mode: full
// text: 40-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    WRONG(free(p + 1);)  // <- check
    free(p);
}
