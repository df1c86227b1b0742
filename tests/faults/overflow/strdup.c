// finds: heap-overflow   mode: 1
// text: 2 bytes written just past the end of a 6-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    char *p = strdup("hello");  // <- alloc
    strcpy(p, FAULT("goodbye", "bye"));  // <- access
    free(p);  // <- check
}
