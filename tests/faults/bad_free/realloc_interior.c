// finds: interior-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = malloc(64);  // <- alloc
    WRONG(if (realloc(p + 16, 100) != NULL) return 1;)  // <- check
    free(p);
}
