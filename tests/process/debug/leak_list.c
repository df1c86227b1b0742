// A list whose head is lost is one leak, with the rest as what it alone leads to; however it was built.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 48 bytes in 1 object that nothing points to, and 432 bytes in 9 objects reachable
// expect-stderr: memory leak: 56 bytes in 1 object that nothing points to, and 504 bytes in 9 objects reachable
// expect-stderr: SUMMARY .* and 2 leaks$
#include "leak.h"

struct node {
    struct node *next;
};

static NOINLINE disguised list_from_tail(size_t size)
{
    struct node *head = NULL;
    for (int i = 0; i < 10; i++) {
        struct node *n = reveal(new_hidden(size));
        n->next = head;
        head = n;
    }
    return disguise(head);
}

static NOINLINE disguised list_from_head(size_t size)
{
    struct node *head = reveal(new_hidden(size));
    struct node *last = head;
    for (int i = 1; i < 10; i++)
        last = last->next = reveal(new_hidden(size));
    return disguise(head);
}

int main(void)
{
    list_from_tail(48);
    list_from_head(56);
    wipe_stack();
    return 0;
}
