// malloc_trim returns 1 if and only if pages went back to the system.
// forms: preload static
#include "check.h"

static void burst(size_t size, size_t bytes)
{
    void *list = NULL;
    for (size_t total = 0; total < bytes; total += size) {
        void **p = malloc(size);
        CHECK(p);
        memset(p, 1, size);
        *p = list;
        list = p;
    }
    while (list) {
        void *next = *(void **)list;
        free(list);
        list = next;
    }
}

int main(void)
{
    malloc_trim(0);
    for (size_t size = 32; size <= 1 << 20; size *= 4) {
        burst(size, 40 << 20);
        size_t before = rss_kib();
        int released = malloc_trim(0);
        size_t after = rss_kib();
        if (before > after + 256)
            CHECK_SAY(released == 1, "size %zu: %zu -> %zu KiB, but it says 0", size, before, after);
        if (released)
            CHECK_SAY(after < before, "size %zu: %zu -> %zu KiB, but it says 1", size, before, after);
        CHECK_SAY(malloc_trim(0) == 0, "size %zu: a second trim released something", size);
    }
    validate_heap();
    return 0;
}
