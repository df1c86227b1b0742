// finds: poison-pointer   mode: 1
// finds: poison-pointer   mode: full
// text: 0x5a
// Elsewhere a valid old pointer lies there, by luck.
// label: quick
#include "fault.h"

struct node { long key[4]; struct node *next; };
static struct node other;
static NOINLINE void stain(void) {
    struct node *old = malloc(sizeof *old);
    old->next = &other;
    free(old);
}
int main(void) {
    stain();
    struct node *n = malloc(sizeof *n);
    RIGHT(n->next = &other;)
    n->next->key[0] = 1;  // <- access
    free(n);
}
