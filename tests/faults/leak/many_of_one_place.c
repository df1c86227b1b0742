// finds: leak   mode: 1
// text: 1600 bytes in 100 objects
// One place, one finding.
// label: quick
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(16);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    for (int i = 0; i < 100; i++) lose();
    forget();
}
