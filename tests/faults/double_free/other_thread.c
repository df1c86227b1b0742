// finds: double-free   mode: 1
// label: quick
#include "fault.h"

static void *finish(void *p) {
    free(p);  // <- check
    return NULL;
}
int main(void) {
    void *p = malloc(200);  // <- alloc
    free(p);  // <- free
    in_thread(finish, FAULT(p, NULL));
}
