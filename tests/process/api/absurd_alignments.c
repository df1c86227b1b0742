// Alignments near the end of the address space fail cleanly: the sum of size and alignment wraps.
// forms: preload static
#include "check.h"

int main(void)
{
    for (int bit = 47; bit < 64; bit++) {
        size_t alignment = hide_size((size_t)1 << bit);
        size_t sizes[] = {0, 1, 100, 5000, 100000, (size_t)1 << 40, SIZE_MAX - alignment,
                          SIZE_MAX - alignment + 1, SIZE_MAX};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            errno = 0;
            CHECK(memalign(alignment, hide_size(sizes[i])) == NULL);
            CHECK_SAY(errno == ENOMEM || errno == EINVAL, "memalign(2^%d): errno %d", bit, errno);
            errno = 0;
            CHECK(aligned_alloc(alignment, hide_size(sizes[i])) == NULL);
            CHECK(errno == ENOMEM || errno == EINVAL);
            void *p = &errno;
            int code = posix_memalign(&p, alignment, hide_size(sizes[i]));
            CHECK(code == ENOMEM && p == &errno);
        }
    }
    errno = 0; // no power of two is as large as this, so there is nothing to round up to
    CHECK(memalign(hide_size(SIZE_MAX / 2 + 2), 1) == NULL && errno == EINVAL);
    return 0;
}
