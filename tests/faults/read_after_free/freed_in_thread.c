// finds: read-after-free   mode: full
#include "fault.h"

static void *finish(void *p) {
    free(p);  // <- free
    return NULL;
}
int main(void) {
    long *p = calloc(8, sizeof *p);  // <- alloc
    RIGHT(sink = p[3];)
    in_thread(finish, p);
    WRONG(sink = p[3];)  // <- access
}
