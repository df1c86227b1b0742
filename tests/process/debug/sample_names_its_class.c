// A sampled object is one of its class, with redzone, stacks and kind of call.
// env: KSLAB_SAMPLE_GUARD=10
// expect-stderr: ^BUG kmalloc-32 .*: Right Redzone overwritten
// expect-stderr: #0 main +sample_names_its_class.c
#include "check.h"

static char *object[3000];

int main(void)
{
    for (int i = 0; i < 3000; i++)
        object[i] = hide(malloc(25));
    for (int i = 0; i < 3000; i++)
        object[i][25] = 1; // within the alignment: no fault
    for (int i = 0; i < 3000; i++)
        free(object[i]);
}
