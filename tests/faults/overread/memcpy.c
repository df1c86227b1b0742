// finds: read-overflow   mode: exact
// text: past the end of a 200-byte object
#include "fault.h"

int main(void) {
    static char to[4096];
    char *p = calloc(1, 200);  // <- alloc
    memcpy(to, p, FAULT(300, 200));  // <- access
    free(p);
}
