// memalign, aligned_alloc, posix_memalign, valloc, pvalloc: aligned, big enough, not overlapping,
// freed by free and resized by realloc, for all usual alignments.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"

static void *by(int kind, size_t alignment, size_t size)
{
    void *p = NULL;
    switch (kind) {
    case 0: return memalign(alignment, size);
    case 1: return aligned_alloc(alignment, size);
    default: return posix_memalign(&p, alignment, size) ? NULL : p;
    }
}

int main(void)
{
    enum { KEPT = 6 };
    for (size_t alignment = 8; alignment <= 1 << 21; alignment *= 2)
        for (size_t size = 1; size <= 200000; size = size * 5 / 2 + 3)
            for (int kind = 0; kind < 3; kind++) {
                unsigned char *p[KEPT];
                for (int i = 0; i < KEPT; i++) {
                    p[i] = by(kind, alignment, size);
                    CHECK_SAY(p[i] && (uintptr_t)p[i] % alignment == 0, "kind %d, alignment %zu, size %zu: %p",
                              kind, alignment, size, (void *)p[i]);
                    CHECK(malloc_usable_size(p[i]) >= size);
                    memset(p[i], i + 1, malloc_usable_size(p[i]));
                }
                for (int i = 0; i < KEPT; i++)
                    CHECK(all_bytes_are(p[i], i + 1, size));
                for (int i = 0; i < KEPT; i += 2) {
                    CHECK((p[i] = realloc(p[i], size * 2)));
                    CHECK(all_bytes_are(p[i], i + 1, size));
                }
                for (int i = 0; i < KEPT; i++)
                    free(p[i]);
            }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 40000; size += 777) {
        void *p = valloc(size), *q = pvalloc(size);
        CHECK(p && (uintptr_t)p % page == 0);
        CHECK(q && (uintptr_t)q % page == 0);
        // pvalloc rounds the size up to whole pages, and they may be used.
        CHECK(malloc_usable_size(q) >= (size + page - 1) / page * page);
        free(p);
        free(q);
    }
    validate_heap();
    return 0;
}
