// One object in two thousand survives a burst: whole free pages inside of partial slabs go back on
// malloc_trim, so that not every survivor holds on to its slab's memory.
// forms: preload static
// needs: memory 1024
#include "check.h"

enum { OBJECTS = 1000000, SIZE = 200, EVERY = 2000 };

int main(void)
{
    static unsigned char *object[OBJECTS];
    memset(object, 1, sizeof object);
    size_t base = rss_kib();
    for (int i = 0; i < OBJECTS; i++)
        memset(object[i] = malloc(SIZE), i / EVERY, SIZE);
    size_t peak = rss_kib() - base;
    for (int i = 0; i < OBJECTS; i++)
        if (i % EVERY)
            free(object[i]);
    malloc_trim(0);
    size_t left = rss_kib() - base;
    // 500 survivors need 500 pages; the slabs that they sit in are over 30 MB.
    say("peak %zu MiB, %zu KiB with %d survivors", peak / 1024, left, OBJECTS / EVERY);
    CHECK(left < 12 * 1024);
    for (int i = 0; i < OBJECTS; i += EVERY) {
        CHECK(all_bytes_are(object[i], i / EVERY, SIZE));
        free(object[i]);
    }
    validate_heap();
    return 0;
}
