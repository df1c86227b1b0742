// realloc(p, 0) frees p and returns NULL, as libc's does: programs use it as their free.
// forms: preload static
#include "check.h"

int main(void)
{
    size_t before = rss_kib();
    for (int i = 0; i < 20000; i++) {
        size_t size = i % 100 ? 3000 : 300000;
        char *p = malloc(size);
        CHECK(p);
        memset(p, 1, size);
        CHECK(realloc(p, 0) == NULL);
    }
    size_t grown = rss_kib() - before;
    CHECK_SAY(grown < 16 * 1024, "%zu KiB stay: the blocks were not freed", grown);
    validate_heap();
    return 0;
}
