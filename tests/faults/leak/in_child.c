// finds: leak   mode: 1
// text: 77 bytes
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(77);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
static void work(void) {
    lose();
    forget();
}
int main(void) { in_child(work); }
