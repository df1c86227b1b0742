// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

struct node { long key, value; struct node *next; };
int main(void) {
    struct node *b = calloc(1, sizeof *b);  // <- alloc
    struct node *a = calloc(1, sizeof *a);
    a->next = b;
    free(b);  // <- free
    RIGHT(a->next = NULL;)
    if (a->next != NULL) a->next->value = 5;  // <- access
    free(a);
}
