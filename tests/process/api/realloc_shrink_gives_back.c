// Shrinking a big block gives most of it back: programs read into a big buffer and trim it.
// forms: preload static
#include "check.h"

int main(void)
{
    enum { N = 100 };
    void *kept[N];
    size_t before = rss_kib();
    for (int i = 0; i < N; i++) {
        char *p = malloc(4 << 20);
        CHECK(p);
        memset(p, 1, 4 << 20);
        CHECK((kept[i] = realloc(p, 1000)));
        CHECK(all_bytes_are(kept[i], 1, 1000));
    }
    malloc_trim(0);
    size_t grown = rss_kib() - before;
    CHECK_SAY(grown < 24 * 1024, "%zu KiB stay for %d blocks of 1000 bytes", grown, N);
    for (int i = 0; i < N; i++)
        free(kept[i]);
    return 0;
}
