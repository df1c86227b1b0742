// finds: leak   mode: 1
// text: 8193 bytes
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = calloc(1, 8193);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
