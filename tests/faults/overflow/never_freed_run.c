// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 300000-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(300000);  // <- alloc
    kept = p;
    p[FAULT(300000, 299999)] = 1;
}
