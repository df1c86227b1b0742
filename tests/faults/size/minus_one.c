// finds: bad-size   mode: 1
// A length of -1, from a call that failed.
#include "fault.h"

static volatile long length = FAULT(-1, 1);
int main(void) {
    void *p = malloc(length);  // <- check
    free(p);
}
