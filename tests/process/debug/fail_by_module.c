// Only calls that come from libc itself fail, not the program's own.
// env: KSLAB_FAIL=caller:libc.so*,size:50
#include "check.h"

int main(void)
{
    char text[50];
    memset(text, 'x', sizeof text);
    text[49] = '\0';
    void *p = malloc(50);
    CHECK(p != NULL);
    CHECK(strdup(text) == NULL);
    free(p);
    return 0;
}
