// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 100-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    char *p = malloc(100);  // <- alloc
    memset(p, 'a', 99);
    p[FAULT(98, 97)] = '\0';
    strcat(p, "bb");  // <- access
    free(p);  // <- check
}
