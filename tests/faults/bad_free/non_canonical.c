// finds: invalid-free   mode: 1
// A pointer with a tag in its upper bits.
#include "fault.h"

int main(void) {
    char *p = malloc(64);
    WRONG(free((void *)((uintptr_t)p | 0x5a00000000000000));)  // <- check
    free(p);
}
