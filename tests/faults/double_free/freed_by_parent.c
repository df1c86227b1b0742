// finds: double-free   mode: 1
#include "fault.h"

static void *p;
static void work(void) {
    WRONG(free(p);)  // <- check
}
int main(void) {
    p = malloc(64);  // <- alloc
    free(p);  // <- free
    in_child(work);
}
