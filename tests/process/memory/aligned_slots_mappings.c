// Objects of large alignments that come and go, or only come, do not use up the mappings that a process may have
// (vm.max_map_count): then nothing could be had any more. What one left serves the next.
// forms: preload static
#include "check.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS = 512, KEPT = 20000 };

static int mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    int lines = 0;
    for (int c; (c = getc(maps)) != EOF;)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static uint64_t state = 99;
static uint64_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void *slot[SLOTS];
static void *kept[KEPT];

int main(void)
{
    int before = mappings();
    for (int i = 0; i < 40000; i++) {
        size_t k = random_number() % SLOTS;
        size_t size = 4096 + random_number() % 65536;
        free(slot[k]);
        slot[k] = aligned_alloc((size_t)65536 << random_number() % 6, size);
        CHECK_SAY(slot[k] != NULL, "nothing after %d, %d mappings", i, mappings());
        memset(slot[k], 1, 100);
    }
    int slots = mappings() - before;
    CHECK_SAY(slots < 2000, "%d mappings for %d objects", slots, SLOTS);
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);

    for (int i = 0; i < KEPT; i++) {
        kept[i] = aligned_alloc(1 << 20, 8192);
        CHECK_SAY(kept[i] != NULL, "nothing after %d", i);
    }
    int many = mappings() - before;
    CHECK_SAY(many < 12000, "%d mappings for %d objects", many, KEPT);
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    validate_heap();
    return 0;
}
