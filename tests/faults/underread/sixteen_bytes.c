// finds: read-underflow   mode: start
// text: 16 bytes before the start of a 1000-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(1, 1000);  // <- alloc
    sink = p[FAULT(-16, 0)];  // <- access
    free(p);
}
