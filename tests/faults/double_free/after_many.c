// finds: double-free   mode: 1
// finds: double-free   mode: full
// label: quick
#include "fault.h"

int main(void) {
    void *p[1000];
    for (int i = 0; i < 1000; i++)
        p[i] = malloc(40);  // <- alloc
    for (int i = 0; i < 1000; i++)
        free(p[i]);  // <- free
    WRONG(free(p[500]);)  // <- check
}
