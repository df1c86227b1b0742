// finds: poison-pointer   mode: 1
// text: 0x5a
// An index of 0x5a5a5a5a5a5a5a5a leads nowhere.
#include "fault.h"

static volatile char table[16];
static NOINLINE void stain(void) {
    long *old = malloc(64);
    old[6] = 3;
    free(old);
}
int main(void) {
    stain();
    long *p = malloc(64);
    RIGHT(p[6] = 3;)
    table[p[6]] = 1;  // <- access
    free(p);
}
