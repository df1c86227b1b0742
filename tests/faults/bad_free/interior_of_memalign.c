// finds: interior-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = memalign(256, 1000);  // <- alloc
    WRONG(free(p + 256);)  // <- check
    free(p);
}
