// The __libc_ names are the same heap: what one set allocates the other can free, resize, measure.
// forms: preload linked static
#include "check.h"

extern void *__libc_malloc(size_t);
extern void __libc_free(void *);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void *__libc_valloc(size_t);
extern void *__libc_pvalloc(size_t);

static void same_heap(void *p, size_t size)
{
    CHECK(p);
    CHECK(malloc_usable_size(p) >= size);
    if (kslab_owns)
        CHECK(kslab_owns(p));
    memset(p, 0x5c, size);
}

int main(void)
{
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        void *p = __libc_malloc(size);
        same_heap(p, size);
        free(p);
        p = malloc(size);
        same_heap(p, size);
        __libc_free(p);
        p = __libc_calloc(1, size);
        CHECK(all_bytes_are(p, 0, size));
        same_heap(p, size);
        p = realloc(p, size * 2);
        same_heap(p, size * 2);
        p = __libc_realloc(p, size * 4);
        same_heap(p, size * 4);
        CHECK(all_bytes_are(p, 0x5c, size * 2));
        free(p);
        p = __libc_memalign(256, size);
        same_heap(p, size);
        CHECK((uintptr_t)p % 256 == 0);
        free(p);
        p = __libc_valloc(size);
        same_heap(p, size);
        free(p);
        p = __libc_pvalloc(size);
        same_heap(p, size);
        free(p);
        p = memalign(64, size);
        same_heap(p, size);
        __libc_free(p);
    }
    validate_heap();
    return 0;
}
