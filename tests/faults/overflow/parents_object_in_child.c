// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 50-byte object
#include "fault.h"

static char *p;
static void work(void) {
    p[FAULT(50, 49)] = 1;
    free(p);  // <- check
}
int main(void) {
    p = malloc(50);  // <- alloc
    in_child(work);
    free(p);
}
