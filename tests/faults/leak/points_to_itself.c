// finds: leak   mode: 1
// text: 24 bytes
#include "fault.h"

struct node { struct node *self; long value[2]; };
static NOINLINE void lose(void) {
    struct node *n = malloc(sizeof *n);  // <- alloc
    n->self = n;
    RIGHT(free(n);)
}
int main(void) {
    lose();
    forget();
}
