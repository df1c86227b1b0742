// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 15-byte object
// finds: write-overflow   mode: exact
// The terminating NUL has no room.
#include "fault.h"

int main(void) {
    char *p = malloc(15);  // <- alloc
    strcpy(p, FAULT("fifteen letters", "fourteen chars"));  // <- access
    free(p);  // <- check
}
