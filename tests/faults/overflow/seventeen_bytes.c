// finds: heap-overflow   mode: 1
// text: 17 bytes written just past the end of a 1000-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(1000);  // <- alloc
    memset(p, 1, FAULT(1017, 1000));
    free(p);  // <- check
}
