// finds: interior-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = malloc(100);  // <- alloc
    WRONG(free(p + 8);)  // <- check
    free(p);
}
