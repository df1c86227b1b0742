// finds: read-overflow   mode: exact
// text: past the end of a 32-byte object
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(32);  // <- alloc
    memset(p, 'a', 32);
    RIGHT(p[31] = '\0';)
    sink = strlen(p);  // <- access
    free(p);
}
