// finds: leak   mode: 1
// text: 1 byte
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(1);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
