// finds: invalid-free   mode: 1
// A pointer that went through an int.
#include "fault.h"

int main(void) {
    char *p = malloc(64);
    volatile unsigned narrow = (unsigned)(uintptr_t)p;
    WRONG(free((void *)(uintptr_t)narrow);)  // <- check
    free(p);
}
