// finds: poison-pointer   mode: 1
// text: 0x6b
// finds: read-after-free   mode: full
// label: quick
#include "fault.h"

struct node { long key[4]; struct node *next; };
static struct node last;
int main(void) {
    struct node *n = malloc(sizeof *n);
    n->next = &last;
    RIGHT(n->next->key[0] = 1;)
    free(n);
    WRONG(n->next->key[0] = 1;)  // <- access
}
