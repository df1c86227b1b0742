// A program that moves the break itself, between allocations, finds its memory where it put it.
// forms: preload static
#include "check.h"

int main(void)
{
    char *start = sbrk(0), *expected = start;
    for (int i = 0; i < 100; i++) {
        char *mine = sbrk(5000);
        CHECK_SAY(mine == expected, "the break moved to %p instead of %p", (void *)mine, (void *)expected);
        expected = mine + 5000;
        memset(mine, i, 5000);
        void *p = malloc(3000), *q = malloc(300000);
        memset(p, 0xee, 3000);
        memset(q, 0xee, 300000);
        free(p);
        CHECK(all_bytes_are(mine, i, 5000));
        free(q);
    }
    for (int i = 0; i < 100; i++)
        CHECK(all_bytes_are(start + i * 5000, i, 5000));
    CHECK(sbrk(-500000) == expected);
    validate_heap();
    return 0;
}
