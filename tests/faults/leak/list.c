// finds: leak   mode: 1
// The head is lost, and everything behind it.
// label: quick
#include "fault.h"

struct node { struct node *next; long value; };
static NOINLINE void lose(void) {
    struct node *head = NULL;
    for (int i = 0; i < 10; i++) {
        struct node *n = malloc(sizeof *n);  // <- alloc
        n->next = head;
        head = n;
    }
    RIGHT(while (head != NULL) { struct node *next = head->next; free(head); head = next; })
}
int main(void) {
    lose();
    forget();
}
