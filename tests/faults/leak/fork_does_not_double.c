// finds: leak   mode: 1
// text: 77 bytes
// The parent's leak is reported once: the child inherits it, and keeps quiet about it.
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(77);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
static void work(void) {}
int main(void) {
    lose();
    forget();
    in_child(work);
}
