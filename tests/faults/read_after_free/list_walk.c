// finds: read-after-free   mode: full
// Freeing a list: the next node is looked up in the one that is gone.
// label: quick
#include "fault.h"

struct node { long key, value; struct node *next; };
int main(void) {
    struct node *head = NULL;
    for (int i = 0; i < 3; i++) {
        struct node *n = malloc(sizeof *n);  // <- alloc
        n->next = head;
        head = n;
    }
    for (struct node *n = head, *next; n != NULL; n = FAULT(n->next, next)) {  // <- access
        RIGHT(next = n->next;)
        free(n);  // <- free
    }
}
