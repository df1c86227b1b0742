// calloc of a gigabyte touches none of it: fresh pages are zero already.
// forms: preload static
#include "check.h"

int main(void)
{
    for (int round = 0; round < 3; round++) {
        size_t before = rss_kib();
        char *p = calloc(1, 1 << 30);
        if (!p)
            skip("no gigabyte of address space");
        size_t grown = rss_kib() - before;
        CHECK_SAY(grown < 5 * 1024, "round %d: %zu KiB became resident", round, grown);
        // The next round must not pay for pages that this one dirtied.
        for (size_t at = 0; at < 1 << 30; at += 64 << 20) {
            CHECK(p[at] == 0);
            p[at] = 1;
        }
        free(p);
    }
    return 0;
}
