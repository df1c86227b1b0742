// finds: leak   mode: 1
// text: 333 bytes
// label: quick
#include "fault.h"

static NOINLINE void lose(void) {
    char *p = malloc(333);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
}
static void *work(void *unused) {
    lose();
    forget();
    return unused;
}
int main(void) { in_thread(work, NULL); }
