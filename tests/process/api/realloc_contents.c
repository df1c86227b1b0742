// realloc keeps min(old, new) bytes through random growth and shrinking across all sizes, with 300
// blocks at a time so that neighbours would notice an overlap.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"

enum { BLOCKS = 300, STEPS = 20000 };
static unsigned char *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static size_t random_size(uint64_t *state)
{
    switch (next_random(state) % 16) {
    case 0: return next_random(state) % 500000 + 1;
    case 1: case 2: case 3: return next_random(state) % 40000 + 1;
    default: return next_random(state) % 1500 + 1;
    }
}

// A pattern that differs between blocks and between places in a block.
static unsigned char pattern(int block, size_t at)
{
    return (unsigned char)((unsigned)block * 31 + at + (at >> 8) * 7);
}

static void check_block(int block, size_t n)
{
    for (size_t at = 0; at < n; at += at < 600 || at + 600 > n ? 1 : 97)
        CHECK_SAY(blocks[block][at] == pattern(block, at), "block %d of %zu bytes differs at %zu",
                  block, n, at);
}

int main(void)
{
    uint64_t state = 88172645463325252u;
    for (int step = 0; step < STEPS; step++) {
        int block = (int)(next_random(&state) % BLOCKS);
        size_t size = random_size(&state);
        check_block(block, sizes[block]);
        unsigned char *p = realloc(blocks[block], size);
        CHECK(p && malloc_usable_size(p) >= size);
        blocks[block] = p;
        check_block(block, size < sizes[block] ? size : sizes[block]);
        for (size_t at = 0; at < size; at++)
            p[at] = pattern(block, at);
        sizes[block] = size;
    }
    for (int block = 0; block < BLOCKS; block++) {
        check_block(block, sizes[block]);
        free(blocks[block]);
    }
    validate_heap();
    return 0;
}
