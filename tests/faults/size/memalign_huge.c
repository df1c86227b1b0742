// finds: bad-size   mode: 1
#include "fault.h"

static volatile size_t size = FAULT(SIZE_MAX - 100, 100);
int main(void) {
    void *p = memalign(64, size);  // <- check
    free(p);
}
