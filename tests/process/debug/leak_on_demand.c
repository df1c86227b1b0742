// A program can ask for leaks while it runs: the number is that of now, and each place is reported once until it
// leaks more.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 100 bytes in 1 object
// expect-stderr: found by kslab_leak_check\(\)
#include "leak.h"

int main(void)
{
    CHECK(leaks_now() == 0);
    disguised lost = new_hidden(100);
    CHECK(leaks_now() == 1);
    CHECK(leaks_now() == 1);
    void *volatile found = reveal(lost);
    CHECK(leaks_now() == 0);
    free(found);
    found = NULL;
    CHECK(leaks_now() == 0);
    return 0;
}
