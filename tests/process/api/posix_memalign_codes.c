// posix_memalign returns its error; on failure it writes neither *memptr nor errno.
// forms: preload static
#include "check.h"

int main(void)
{
    char marker;
    size_t bad[] = {0, 1, 2, 4, 3, 7, 9, 12, 24, 40, 48, 4095, 4097, SIZE_MAX, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *p = &marker;
        errno = 4711;
        CHECK_SAY(posix_memalign(&p, bad[i], 100) == EINVAL, "alignment %zu accepted", bad[i]);
        CHECK(p == &marker && errno == 4711);
    }
    size_t huge[] = {(size_t)1 << 48, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX};
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++)
        for (size_t alignment = 8; alignment <= 1 << 22; alignment *= 2) {
            void *p = &marker;
            errno = 4711;
            CHECK(posix_memalign(&p, alignment, hide_size(huge[i])) == ENOMEM);
            CHECK_SAY(p == &marker, "alignment %zu: *memptr was written", alignment);
            CHECK_SAY(errno == 4711, "alignment %zu: errno is %d", alignment, errno);
        }
    for (size_t alignment = 8; alignment <= 1 << 22; alignment *= 2) {
        void *p = NULL;
        CHECK(posix_memalign(&p, alignment, alignment / 2) == 0);
        CHECK(p && (uintptr_t)p % alignment == 0);
        free(p);
    }
    return 0;
}
