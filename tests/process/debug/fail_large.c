// Runs of their own are kmalloc-large, and others do not fail with it.
// forms: preload static
// env: KSLAB_FAIL=cache:kmalloc-large
#include "check.h"

int main(void)
{
    CHECK(malloc(1 << 20) == NULL);
    void *p = malloc(1000);
    CHECK(p != NULL);
    free(p);
    return 0;
}
