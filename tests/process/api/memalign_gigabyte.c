// Alignments up to 1 GiB work, cost neither resident memory nor, for long, address space of the
// size of the alignment.
// forms: preload static
#include "check.h"

int main(void)
{
    size_t rss = rss_kib(), vsz = vsz_kib();
    for (size_t alignment = 1 << 20; alignment <= 1 << 30; alignment *= 2) {
        void *blocks[4];
        for (int i = 0; i < 4; i++) {
            blocks[i] = memalign(alignment, 100000);
            CHECK_SAY(blocks[i] && (uintptr_t)blocks[i] % alignment == 0, "alignment %zu: %p", alignment, blocks[i]);
            memset(blocks[i], i, 100000);
        }
        for (int i = 0; i < 4; i++) {
            CHECK(all_bytes_are(blocks[i], i, 100000));
            free(blocks[i]);
        }
    }
    size_t rss_more = rss_kib() - rss, vsz_more = vsz_kib() - vsz;
    CHECK_SAY(rss_more < 20 * 1024, "%zu KiB more are resident", rss_more);
    CHECK_SAY(vsz_more < 512 * 1024, "%zu KiB more of address space", vsz_more);
    validate_heap();
    return 0;
}
