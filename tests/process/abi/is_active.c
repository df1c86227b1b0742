// Every way of using the library makes it the process's malloc. Without this the rest of these
// programs would prove something about another allocator.
// forms: preload linked static static-pie
#include "check.h"

int main(void)
{
    CHECK(kslab_is_active);
    CHECK(kslab_is_active() == 1);
    void *small = malloc(10), *large = malloc(1 << 20);
    int local;
    CHECK(kslab_owns(small) && kslab_owns(large));
    CHECK(!kslab_owns(&local) && !kslab_owns(NULL) && !kslab_owns((void *)main));
    free(small);
    free(large);
    char *text = strdup("libc's own callers of malloc too");
    CHECK(kslab_owns(text));
    free(text);
    FILE *stream = fopen("/dev/null", "r");
    CHECK(stream && kslab_owns(stream));
    fclose(stream);
    CHECK(kslab_validate() == 0);
    return 0;
}
