// finds: write-after-free   mode: 1
#include "fault.h"

static void work(void) {
    char *p = malloc(300);  // <- alloc
    RIGHT(p[200] = 1;)
    free(p);  // <- free
    WRONG(p[200] = 1;)
}
int main(void) { in_child(work); }
