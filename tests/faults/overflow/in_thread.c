// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 72-byte object
// finds: write-overflow   mode: exact
// label: quick
#include "fault.h"

static void *work(void *unused) {
    char *p = malloc(72);  // <- alloc
    p[FAULT(72, 71)] = 1;  // <- access
    free(p);  // <- check
    return unused;
}
int main(void) { in_thread(work, NULL); }
