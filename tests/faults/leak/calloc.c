// finds: leak   mode: 1
// text: 800 bytes
#include "fault.h"

static NOINLINE void lose(void) {
    long *p = calloc(100, sizeof *p);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
