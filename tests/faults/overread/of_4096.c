// finds: read-overflow   mode: full
// text: just past the end of a 4096-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 4096);  // <- alloc
    sink = p[FAULT(4096, 4095)];  // <- access
    free(p);
}
