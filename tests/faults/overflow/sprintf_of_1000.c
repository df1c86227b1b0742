// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 1000-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(1000);  // <- alloc
    sprintf(p, "%*d", FAULT(1000, 999), 7);
    free(p);  // <- check
}
