// finds: invalid-free   mode: 1
// The error value of shmat and mmap.
#include "fault.h"

static void *volatile p = (void *)-1;
int main(void) {
    if (FAULT(1, p != (void *)-1)) free(p);  // <- check
}
