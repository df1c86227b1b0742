// Blocks that the program declares as no leaks are none, nor is what they lead to; a new block at the same address
// is one again.
// env: KSLAB_DEBUG=L
// expect-stderr: memory leak: 40 bytes in 1 object that nothing points to$
// expect-stderr: SUMMARY .* and 1 leak$
#include "leak.h"

int main(void)
{
    disguised head = new_hidden(40);
    *(void **)reveal(head) = reveal(new_hidden(72));
    if (!kslab_ignore_leak)
        skip("this allocator looks for no leaks");
    kslab_ignore_leak(reveal(head));
    kslab_ignore_leak(NULL);
    kslab_ignore_leak(&head);
    CHECK(leaks_now() == 0);
    free(*(void **)reveal(head));
    free(reveal(head));
    CHECK(leaks_now() == 0);
    new_hidden(40);
    CHECK(leaks_now() == 1);
    return 0;
}
