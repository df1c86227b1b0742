// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

struct buffer { char *start, *position; };
int main(void) {
    struct buffer b;
    b.start = malloc(128);  // <- alloc
    b.position = b.start + 64;
    b.start = realloc(b.start, 100000);  // <- free
    RIGHT(b.position = b.start + 64;)
    *b.position = 'x';  // <- access
    free(b.start);
}
