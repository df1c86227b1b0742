// finds: invalid-free   mode: 1
#include "fault.h"

static void *volatile p = (void *)0x7001234567;
int main(void) {
    free(FAULT(p, NULL));  // <- check
}
