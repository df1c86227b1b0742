// finds: heap-overflow   mode: 1
// finds: write-overflow   mode: exact
#include "fault.h"

int main(void) {
    char *p;
    int length = asprintf(&p, "%s-%d", "number", 12345);  // <- alloc
    p = realloc(p, length + 1);  // <- alloc
    strcat(p, FAULT("!", ""));  // <- access
    free(p);  // <- check
}
