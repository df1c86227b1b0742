// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 10-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(10);  // <- alloc
    sscanf("tenletters and more", FAULT("%10s", "%9s"), p);
    free(p);  // <- check
}
