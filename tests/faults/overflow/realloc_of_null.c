// finds: heap-overflow   mode: 1
// text: 2 bytes written just past the end of a 30-byte object
#include "fault.h"

int main(void) {
    char *p = realloc(NULL, 30);  // <- alloc
    memset(p, 0, FAULT(32, 30));
    free(p);  // <- check
}
