// finds: write-overflow   mode: full
// text: 1000 bytes past the end of a 64-byte object
// Far behind every redzone: only a guard page sees it.
#include "fault.h"

int main(void) {
    char *p = malloc(64);  // <- alloc
    char *q = malloc(5000);
    p[FAULT(1064, 0)] = q[0] = 0;  // <- access
    free(p);
    free(q);
}
