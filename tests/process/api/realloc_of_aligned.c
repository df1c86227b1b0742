// A block from memalign can be resized like any other; its contents come along.
// forms: preload static
#include "check.h"

int main(void)
{
    for (size_t alignment = 16; alignment <= 1 << 22; alignment *= 4)
        for (size_t size = 1; size < 1000000; size = size * 7 + 1)
            for (size_t target = 1; target < 3000000; target = target * 11 + 1) {
                unsigned char *p = memalign(alignment, size);
                CHECK(p);
                memset(p, 0x2d, size);
                CHECK((p = realloc(p, target)));
                CHECK((uintptr_t)p % 16 == 0);
                CHECK(all_bytes_are(p, 0x2d, size < target ? size : target));
                memset(p, 0x2e, malloc_usable_size(p));
                free(p);
            }
    validate_heap();
    return 0;
}
