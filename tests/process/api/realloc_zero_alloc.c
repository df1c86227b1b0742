// With KSLAB_REALLOC_ZERO=alloc realloc(p, 0) gives a block of the smallest size instead.
// env: KSLAB_REALLOC_ZERO=alloc
// forms: preload static
#include "check.h"

int main(void)
{
    char *p = malloc(1000);
    void *q = realloc(p, 0);
    CHECK(q);
    if (kslab_owns)
        CHECK(kslab_owns(q));
    free(q);
    CHECK((p = malloc(1 << 20)));
    CHECK((q = realloc(p, 0)));
    free(q);
    validate_heap();
    return 0;
}
