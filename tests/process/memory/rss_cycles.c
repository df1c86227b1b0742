// Three hundred cycles of replacing 20000 objects by others of drifting sizes do not grow: fragmentation and
// caches reach a steady state.
// forms: preload
// timeout: 60
#include "check.h"

enum { OBJECTS = 20000 };

int main(void)
{
    static void *object[OBJECTS];
    memset(object, 1, sizeof object);
    memset(object, 0, sizeof object);
    uint64_t state = 4242;
    size_t early = 0;
    for (int cycle = 0; cycle < 300; cycle++) {
        // Sizes drift, so that each cycle asks other classes for most of its memory.
        size_t scale = 200 + (size_t)(cycle % 30) * 30;
        for (int i = 0; i < OBJECTS; i++) {
            free(object[i]);
            CHECK((object[i] = malloc(next_random(&state) % scale + 1)));
            *(char *)object[i] = 1;
        }
        if (cycle == 60)
            early = rss_kib();
    }
    size_t late = rss_kib();
    CHECK_SAY(late < early + early / 4 + 4096, "%zu KiB after 60 cycles, %zu after 300", early, late);
    return 0;
}
