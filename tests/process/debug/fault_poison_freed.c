// A pointer read from a freed object: the fault says so, and which object, at every kind of instruction.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=1
// args: load
// args: member
// args: write
// args: call
// args: copy
// args: last
// expect-stderr: ^BUG .*Use of poison as pointer
// expect-stderr: was read from freed memory \(poison 0x6b\)
#include "check.h"

struct node {
    struct node *next;
    void (*call)(void);
    char text[104];
    struct node *last;
};

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    volatile struct node *node = hide(malloc(sizeof *node));
    free(hide((void *)node));
    if (strcmp(argv[1], "load") == 0)
        return node->next->text[0] + node->text[0];
    if (strcmp(argv[1], "member") == 0)
        return *(volatile int *)node->next->next;
    if (strcmp(argv[1], "write") == 0)
        node->next->call = NULL;
    if (strcmp(argv[1], "call") == 0)
        node->call();
    if (strcmp(argv[1], "copy") == 0)
        memcpy((void *)node->text, node->next, 100);
    return node->last->text[0];
}
