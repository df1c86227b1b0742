// finds: bad-size   mode: 1
// finds: bad-size   mode: full
// label: quick
#include "fault.h"

static volatile size_t count = FAULT(SIZE_MAX / 4, 4);
int main(void) {
    void *p = calloc(count, 16);  // <- check
    free(p);
}
