// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// label: quick
#include "fault.h"

static void *finish(void *p) {
    free(p);  // <- free
    return NULL;
}
int main(void) {
    long *p = malloc(64);  // <- alloc
    RIGHT(p[3] = 1;)
    in_thread(finish, p);
    WRONG(p[3] = 1;)  // <- access
}
