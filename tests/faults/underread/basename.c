// finds: read-underflow   mode: start
// text: 1 byte before the start of a 5-byte object
// A name without a slash: the search for one runs past its start.
#include "fault.h"

int main(void) {
    char *p = strdup(FAULT("name", "/nam"));  // <- alloc
    volatile char *slash = p + 3;
    while (*slash != '/')  // <- access
        slash--;
    free(p);
}
