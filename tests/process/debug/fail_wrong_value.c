// A value that cannot be read gives one line that says where, and nothing fails.
// forms: preload static
// env: KSLAB_FAIL=nth:1,evry:2
// expect-stderr: ^kslab: KSLAB_FAIL=nth:1,evry:2 is ignored: unknown key; .*\(character 7, 'e'\)$
#include "check.h"

int main(void)
{
    void *p = malloc(40);
    CHECK(p != NULL);
    free(p);
    return 0;
}
