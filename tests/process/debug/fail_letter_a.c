// The letter A says which caches may fail: others do not, though KSLAB_FAIL would have them.
// forms: preload static
// env: KSLAB_DEBUG=A,kmalloc-4096 KSLAB_FAIL=size:100-4096
#include "check.h"

int main(void)
{
    CHECK(malloc(4000) == NULL);
    void *p = malloc(100);
    CHECK(p != NULL);
    free(p);
    return 0;
}
