// realloc carries over everything up to the old usable size, not only what was asked for: programs
// that round up by malloc_usable_size keep data there.
// forms: preload static
#include "check.h"

int main(void)
{
    for (size_t size = 1; size < 2000000; size = size * 4 / 3 + 1)
        for (int factor = 1; factor <= 8; factor *= 2) {
            unsigned char *p = malloc(size);
            size_t usable = malloc_usable_size(p);
            memset(p, 0x3c, usable);
            p = realloc(p, usable * (size_t)factor + 1);
            CHECK(p);
            CHECK_SAY(all_bytes_are(p, 0x3c, usable), "size %zu, usable %zu: bytes were lost", size, usable);
            free(p);
        }
    return 0;
}
