// Every NULL comes with ENOMEM, whichever function returned it.
// forms: preload static
#include "check.h"

#define FAILS(call)                                                     \
    do {                                                                \
        errno = 0;                                                      \
        void *p = (call);                                               \
        CHECK_SAY(p == NULL, "%s returned a pointer", #call);           \
        CHECK_SAY(errno == ENOMEM, "%s set errno %d", #call, errno);    \
    } while (0)

int main(void)
{
    // More than the address space, more than ptrdiff_t, and what wraps when rounded up.
    size_t sizes[] = {(size_t)1 << 48, (size_t)PTRDIFF_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
                      SIZE_MAX - 4096, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = hide_size(sizes[i]);
        void *old = malloc(100);
        CHECK(old);
        memset(old, 7, 100);
        FAILS(malloc(n));
        FAILS(calloc(1, n));
        FAILS(calloc(n, 1));
        FAILS(calloc(n, 2));
        FAILS(calloc(n / 2, 4));
        FAILS(realloc(NULL, n));
        FAILS(realloc(old, n));
        FAILS(reallocarray(old, n, 2));
        FAILS(memalign(16, n));
        FAILS(memalign(64, n));
        FAILS(memalign(1 << 20, n));
        FAILS(aligned_alloc(64, n));
        FAILS(valloc(n));
        FAILS(pvalloc(n));
        CHECK(all_bytes_are(old, 7, 100));
        free(old);
    }
    validate_heap();
    return 0;
}
