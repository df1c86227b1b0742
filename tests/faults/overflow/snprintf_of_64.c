// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 64-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(64);  // <- alloc
    snprintf(p, FAULT(65, 64), "%080d", 7);
    free(p);  // <- check
}
