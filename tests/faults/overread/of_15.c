// finds: read-overflow   mode: exact
// text: just past the end of a 15-byte object
#include "fault.h"

int main(void) {
    char *p = calloc(15, 1);  // <- alloc
    for (int i = 0; i < FAULT(16, 15); i++)
        sink = p[i];  // <- access
    free(p);
}
