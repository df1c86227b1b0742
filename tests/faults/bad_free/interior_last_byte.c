// finds: interior-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = malloc(4096);  // <- alloc
    WRONG(free(p + 4095);)  // <- check
    free(p);
}
