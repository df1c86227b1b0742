// finds: invalid-free   mode: 1
// finds: invalid-free   mode: full
// label: quick
#include "fault.h"

static void *volatile p = (void *)0x123450;
int main(void) {
    free(FAULT(p, NULL));  // <- check
}
