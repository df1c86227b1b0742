// free() leaves errno alone (POSIX.1-2024), from a cache hit to the unmapping of a big run.
// forms: preload static
#include "check.h"

int main(void)
{
    for (size_t size = 1; size <= (256u << 20); size *= 2) {
        void *blocks[8];
        for (int i = 0; i < 8; i++)
            CHECK((blocks[i] = malloc(size)));
        if (size <= 1 << 20)
            for (int i = 0; i < 8; i++)
                memset(blocks[i], 1, size);
        for (int i = 0; i < 8; i++) {
            errno = 4711;
            free(blocks[i]);
            CHECK_SAY(errno == 4711, "errno %d after free of %zu bytes", errno, size);
        }
    }
    errno = 4711;
    free(NULL);
    CHECK(errno == 4711);
    return 0;
}
