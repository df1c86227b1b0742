// 200 MB of small objects, all freed: by itself the resident size comes back to within 20 MB, and
// after malloc_trim(0) nearly to where it was. The order of the frees must not matter.
// forms: preload static
// args: forward
// args: backward
// args: shuffled
// needs: memory 1024
// timeout: 60
#include "check.h"

enum { OBJECTS = 800000 };

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    // The table lies outside of the heap, and is resident from the start.
    static void *object[OBJECTS];
    memset(object, 1, sizeof object);
    free(malloc(100));
    malloc_trim(0);
    size_t base = rss_kib();
    uint64_t state = 99;
    for (int i = 0; i < OBJECTS; i++) {
        size_t size = next_random(&state) % 480 + 16;
        CHECK((object[i] = malloc(size)));
        memset(object[i], 1, size);
    }
    size_t peak = rss_kib();
    CHECK_SAY(peak - base > 180 * 1024 && peak - base < 300 * 1024, "the burst took %zu KiB", peak - base);
    if (!strcmp(argv[1], "shuffled"))
        for (int i = OBJECTS - 1; i > 0; i--) {
            int j = (int)(next_random(&state) % (uint64_t)(i + 1));
            void *other = object[i];
            object[i] = object[j];
            object[j] = other;
        }
    for (int i = 0; i < OBJECTS; i++)
        free(object[!strcmp(argv[1], "backward") ? OBJECTS - 1 - i : i]);
    size_t freed = rss_kib() - base;
    malloc_trim(0);
    size_t trimmed = rss_kib() - base;
    say("peak %zu MiB, after free %zu, after trim %zu", (peak - base) / 1024, freed / 1024, trimmed / 1024);
    CHECK(freed < 20 * 1024);
    CHECK(trimmed < 3 * 1024);
    validate_heap();
    return 0;
}
