// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 40-byte object
// Found at exit.
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    kept = p;
    p[FAULT(40, 39)] = 1;
}
