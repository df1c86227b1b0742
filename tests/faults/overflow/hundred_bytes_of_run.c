// finds: heap-overflow   mode: 1
// text: 100 bytes written just past the end of a 100000-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(100000);  // <- alloc
    memset(p + 99000, 1, FAULT(1100, 1000));
    free(p);  // <- check
}
