// Products that wrap are refused, also where the wrapped product is small.
// forms: preload static
#include "check.h"

static void refused(size_t n, size_t size)
{
    errno = 0;
    void *p = calloc(hide_size(n), hide_size(size));
    CHECK_SAY(p == NULL && errno == ENOMEM, "calloc(%zu, %zu) gave %p, errno %d", n, size, p, errno);
    errno = 0;
    p = reallocarray(NULL, hide_size(n), hide_size(size));
    CHECK_SAY(p == NULL && errno == ENOMEM, "reallocarray(%zu, %zu) gave %p", n, size, p);
}

int main(void)
{
    for (int bit = 33; bit < 64; bit++)
        for (size_t extra = 0; extra < 3; extra++) {
            size_t n = ((size_t)1 << bit) + extra;
            refused(n, ((size_t)1 << (64 - bit)));
            refused(((size_t)1 << (64 - bit)), n);
            refused(n, n);
        }
    refused(SIZE_MAX, SIZE_MAX);
    refused(SIZE_MAX / 2 + 2, 2);
    refused(SIZE_MAX / 3 + 1, 3);
    refused(SIZE_MAX / 16 + 2, 16);
    void *zero = calloc(hide_size(SIZE_MAX), 0);
    CHECK(zero);
    free(zero);
    CHECK((zero = calloc(0, hide_size(SIZE_MAX))));
    free(zero);
    return 0;
}
