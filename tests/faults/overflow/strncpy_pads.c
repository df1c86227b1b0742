// finds: heap-overflow   mode: 1
// text: 12 bytes written just past the end of a 20-byte object
// strncpy fills up with NULs, all of the size it is told.
#include "fault.h"

int main(void) {
    char *p = malloc(20);  // <- alloc
    strncpy(p, "short", FAULT(32, 20));
    free(p);  // <- check
}
