// finds: invalid-free   mode: 1
// An index where a pointer was meant.
#include "fault.h"

static volatile uintptr_t number = 24;
int main(void) {
    free((void *)FAULT(number, 0));  // <- check
}
