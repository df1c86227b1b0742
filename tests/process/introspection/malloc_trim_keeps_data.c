// malloc_trim in the middle of a program's life changes no live byte.
// forms: preload static
#include "check.h"

int main(void)
{
    enum { N = 20000 };
    static unsigned char *p[N];
    uint64_t state = 12345;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < N; i++)
            if (!p[i]) {
                size_t size = next_random(&state) % 3000 + 1;
                p[i] = malloc(size);
                memset(p[i], i, malloc_usable_size(p[i]));
            }
        for (int i = 0; i < N; i++)
            if (next_random(&state) % 10 < 8)
                free(p[i]), p[i] = NULL;
        malloc_trim(0);
        for (int i = 0; i < N; i++)
            if (p[i])
                CHECK(all_bytes_are(p[i], i, malloc_usable_size(p[i])));
    }
    validate_heap();
    return 0;
}
