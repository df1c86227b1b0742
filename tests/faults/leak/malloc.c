// finds: leak   mode: 1
// finds: leak   mode: full
// text: 40 bytes
// label: quick
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(40);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose();
    forget();
}
