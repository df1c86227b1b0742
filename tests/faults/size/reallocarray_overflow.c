// finds: bad-size   mode: 1
#include "fault.h"

static volatile size_t count = FAULT(SIZE_MAX / 2, 2);
int main(void) {
    char *p = malloc(16);
    char *q = reallocarray(p, count, 8);  // <- check
    free(q != NULL ? q : p);
}
