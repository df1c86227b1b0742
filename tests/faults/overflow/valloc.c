// finds: heap-overflow   mode: 1
// text: 3 bytes written just past the end of a 33-byte object
#include "fault.h"

int main(void) {
    char *p = valloc(33);  // <- alloc
    memset(p, 0, FAULT(36, 33));
    free(p);  // <- check
}
