// realloc moves what points to a block and what it points to: nothing is lost on the way, and a block whose pointer
// was not updated is none any more.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 300000 bytes in 1 object that nothing points to, and 24 bytes in 1 object
// expect-stderr: SUMMARY .* and 1 leak$
#include "leak.h"

void **kept;

int main(void)
{
    kept = malloc(sizeof(void *));
    kept[0] = reveal(new_hidden(24));
    for (size_t n = 2; n < 20000; n *= 2) {
        kept = realloc(kept, n * sizeof(void *));
        CHECK(kept != NULL);
        memset(kept + 1, 0, (n - 1) * sizeof(void *));
        CHECK(leaks_now() == 0);
    }
    kept = realloc(kept, 300000);
    CHECK(kept != NULL);
    disguised lost = disguise(kept);
    kept = hide(NULL);
    CHECK(leaks_now() == 2);
    hide(&lost);
    return 0;
}
