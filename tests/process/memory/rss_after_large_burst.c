// 200 MB of big objects, all freed: by itself the resident size comes back to within 20 MB, and
// after malloc_trim(0) nearly to where it was.
// forms: preload static
// args: 10000
// args: 65536
// args: 1048576
// args: 33554432
// needs: memory 1024
// label: full
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    size_t size = strtoul(argv[1], NULL, 10), count = (200u << 20) / size;
    static void *object[21000];
    memset(object, 1, sizeof object);
    free(malloc(size));
    malloc_trim(0);
    size_t base = rss_kib();
    for (size_t i = 0; i < count; i++) {
        CHECK((object[i] = malloc(size)));
        memset(object[i], 1, size);
    }
    size_t peak = rss_kib() - base;
    for (size_t i = 0; i < count; i++)
        free(object[i]);
    size_t freed = rss_kib() - base;
    malloc_trim(0);
    size_t trimmed = rss_kib() - base;
    say("size %zu: peak %zu MiB, after free %zu, after trim %zu", size, peak / 1024, freed / 1024, trimmed / 1024);
    CHECK(peak > 150 * 1024 && peak < 300 * 1024);
    // One object of a size that was freed again and again just now may be kept for the next request.
    size_t kept = size / 1024 + 2048;
    CHECK(freed < (kept > 20 * 1024 ? kept : 20 * 1024));
    // In KiB: 128 bytes of records for each object stay.
    CHECK(trimmed < 2 * 1024 + count / 8);
    return 0;
}
