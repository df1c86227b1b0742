// finds: bad-size   mode: 1
#include "fault.h"

static volatile unsigned long used = 8;
int main(void) {
    char *p = malloc(16);
    char *q = realloc(p, used - FAULT(9, 7));  // <- check
    free(q != NULL ? q : p);
}
