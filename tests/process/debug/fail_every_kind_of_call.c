// Each function that allocates can fail; what realloc does not grow stays as it was.
// env: KSLAB_FAIL=size:5000-6000
#include "check.h"

int main(void)
{
    void *p = NULL;
    CHECK(malloc(5000) == NULL);
    CHECK(calloc(2, 2500) == NULL);
    CHECK(memalign(64, 6000) == NULL);
    CHECK(aligned_alloc(64, 5056) == NULL);
    CHECK(valloc(5000) == NULL);
    CHECK(posix_memalign(&p, 64, 5000) == ENOMEM && p == NULL);
    char *old = malloc(100);
    CHECK(old != NULL);
    memset(old, 'x', 100);
    CHECK(realloc(old, 5000) == NULL);
    for (int i = 0; i < 100; i++) CHECK(old[i] == 'x');
    CHECK((old = realloc(old, 7000)) != NULL);
    free(old);
    return 0;
}
