// finds: double-free   mode: 1
#include "fault.h"

static void work(void) {
    void *p = malloc(64);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
int main(void) { in_child(work); }
