// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 50-byte object
// label: quick
#include "fault.h"

static void work(void) {
    char *p = malloc(50);  // <- alloc
    p[FAULT(50, 49)] = 1;
    free(p);  // <- check
}
int main(void) { in_child(work); }
