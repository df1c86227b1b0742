// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 9-byte object
#include "fault.h"

int main(void) {
    char *p = strndup("eightchars", 8);  // <- alloc
    p[FAULT(9, 8)] = 1;
    free(p);  // <- check
}
