// finds: leak   mode: 1
// text: 300 bytes
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = memalign(256, 300);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
