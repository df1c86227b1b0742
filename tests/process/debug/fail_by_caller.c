// Only what is allocated within one function fails, whoever it calls for that.
// env: KSLAB_FAIL=caller:make_order
// link: -rdynamic
#include "check.h"

__attribute__((noinline)) void *make_order(int by_libc)
{
    void *volatile p = by_libc ? strdup("a string of more than a few bytes") : malloc(40);
    return p;
}

__attribute__((noinline)) void *make_other(void)
{
    void *volatile p = malloc(40);
    return p;
}

int main(void)
{
    for (int i = 0; i < 100; i++) {
        CHECK(make_order(0) == NULL);
        CHECK(make_order(1) == NULL);
        void *p = make_other();
        CHECK(p != NULL);
        free(p);
    }
    return 0;
}
