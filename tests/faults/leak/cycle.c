// finds: leak(-indirect)?   mode: 1   count: some
// Two objects that point to each other, and nothing to them.
#include "fault.h"

struct node { struct node *other; long value; };
static NOINLINE void lose(void) {
    struct node *a = malloc(sizeof *a);
    struct node *b = malloc(sizeof *b);
    a->other = b;
    b->other = a;
    RIGHT(free(a); free(b);)
}
int main(void) {
    lose();
    forget();
}
