// finds: heap-underflow   mode: 1
// text: 16 bytes written just before the start of a 192-byte object
// finds: write-underflow   mode: start
#include "fault.h"

int main(void) {
    char *p = malloc(192);  // <- alloc
    memset(p - FAULT(16, 0), 1, 16);  // <- access
    free(p);  // <- check
}
