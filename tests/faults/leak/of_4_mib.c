// finds: leak   mode: 1
// text: 4194304 bytes
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(4 << 20);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
