// What malloc adds to a request is bounded: from 128 bytes on at most a quarter and some. A size
// class table with holes would make every program pay for them.
#include "check.h"

int main(void)
{
    for (size_t size = 0; size < 8000000; size += size / 50 + 1) {
        void *p = malloc(size);
        size_t usable = malloc_usable_size(p);
        size_t allowed = size < 128 ? 64 : size < 256 ? 112 : size / 4 + 128;
        if (size > 8192)
            allowed = size / 4 + 4096; // whole pages
        CHECK_SAY(usable - size <= allowed, "%zu usable for a request of %zu", usable, size);
        free(p);
    }
    return 0;
}
