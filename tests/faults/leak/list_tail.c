// finds: leak   mode: 1
// text: 16 bytes
// The last node is cut off.
#include "fault.h"

struct node { struct node *next; long value; };
static struct node *list;
static NOINLINE void build(void) {
    for (int i = 0; i < 2; i++) {
        struct node *n = malloc(sizeof *n);  // <- alloc
        n->next = list;
        list = n;
    }
}
int main(void) {
    build();
    RIGHT(free(list->next);)
    list->next = NULL;
    forget();
}
