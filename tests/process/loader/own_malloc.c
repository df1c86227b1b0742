// A program that brings malloc, free, calloc and realloc, but not the rest of the family: the
// library stands down, so that what its other entry points return comes from where they would have
// come from without it.
#include "check.h"

static char pool[64 << 20] __attribute__((aligned(16)));
static size_t used;
static int foreign;

static int from_pool(const void *p) { return (const char *)p >= pool && (const char *)p < pool + sizeof pool; }

// A header of 16 bytes holds the size, as in many such allocators.
void *malloc(size_t size)
{
    size_t total = (size + 31) & ~(size_t)15;
    size_t at = __atomic_fetch_add(&used, total, __ATOMIC_RELAXED);
    if (size > sizeof pool || at + total > sizeof pool)
        return NULL;
    *(size_t *)(pool + at) = size;
    return pool + at + 16;
}

void free(void *p)
{
    if (p && !from_pool(p))
        foreign++;
}

void *calloc(size_t n, size_t size) { return malloc(n * size); } // the pool is zero, never reused

void *realloc(void *p, size_t size)
{
    void *q = malloc(size);
    if (p && q && from_pool(p)) {
        size_t old = ((size_t *)p)[-2];
        memcpy(q, p, old < size ? old : size);
    }
    return q;
}

int main(void)
{
    void *p = malloc(100);
    CHECK(from_pool(p));
    if (kslab_is_active)
        CHECK(kslab_is_active() == 0);
    void *q = NULL;
    CHECK(posix_memalign(&q, 64, 1000) == 0 && (uintptr_t)q % 64 == 0);
    CHECK(!from_pool(q));
    if (kslab_owns)
        CHECK_SAY(!kslab_owns(q), "the library did not stand down");
    memset(q, 1, 1000);
    free(q);
    CHECK(foreign == 1);
    CHECK((q = memalign(4096, 10)) && (q = aligned_alloc(64, 640)) && (q = valloc(100)));
    malloc_usable_size(p); // whatever it says, it must not crash
    malloc_trim(0);
    mallinfo2();
    char *text = strdup("libc calls the program's malloc");
    CHECK(from_pool(text));
    free(text);
    FILE *stream = fopen("/dev/null", "w");
    CHECK(stream && fprintf(stream, "%d\n", 1) == 2);
    fclose(stream);
    return 0;
}
