// finds: read-overflow   mode: full
// text: just past the end of a 4194304-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(4 << 20);  // <- alloc
    p[(4 << 20) - 1] = 0;
    sink = p[FAULT(4 << 20, (4 << 20) - 1)];  // <- access
    free(p);
}
