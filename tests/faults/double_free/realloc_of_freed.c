// finds: double-free   mode: 1
// finds: double-free   mode: full
#include "fault.h"

int main(void) {
    void *p = malloc(40);  // <- alloc
    free(p);  // <- free
    p = realloc(FAULT(p, NULL), 80);  // <- check
    free(p);
}
