// A value that an option does not take gives one line that names both; the default holds.
// forms: preload static
// env: KSLAB_REALLOC_ZERO=sometimes
// expect-stderr: ^kslab: .*KSLAB_REALLOC_ZERO.*sometimes
#include "check.h"

int main(void)
{
    CHECK(realloc(malloc(100), 0) == NULL);
    return 0;
}
