// finds: heap-overflow   mode: 1
// text: 16 bytes written just past the end of a 64-byte object
// finds: write-overflow   mode: full
#include "fault.h"

struct pair { long a, b; };
int main(void) {
    struct pair *p = malloc(4 * sizeof *p);  // <- alloc
    p[FAULT(4, 3)] = (struct pair){1, 2};  // <- access
    free(p);  // <- check
}
