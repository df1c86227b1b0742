// The C names, one line each; all in one object, so that a static link takes kslab's set or libc's, never
// some of each.
#include "malloc/malloc.h"

#include "malloc/introspection.h"

#define KSLAB_NAME extern "C" KSLAB_EXPORT __attribute__((used))
#define KSLAB_ALIAS(of) __attribute__((alias(#of), visibility("default"), used))

// A static program that has kslab's malloc has kslab's own functions as well: it may ask for them by weak
// references, and they say what the executable's malloc is.
extern "C" const char* kslab_version(void);
__attribute__((used)) static const char* (*const anchor)(void) = kslab_version;

KSLAB_NAME void* malloc(size_t size) { return kslab::malloc_inline(size); }
KSLAB_NAME void free(void* object) { kslab::free_inline(object); }
KSLAB_NAME void* calloc(size_t count, size_t size) { return kslab::calloc_any(count, size); }
KSLAB_NAME void* realloc(void* object, size_t size) { return kslab::realloc_any(object, size); }
KSLAB_NAME void* reallocarray(void* object, size_t count, size_t size) {
    return kslab::reallocarray_any(object, count, size);
}

KSLAB_NAME void* memalign(size_t align, size_t size) {
    return kslab::memalign_any(align, size, kslab::call_kind::memalign);
}
KSLAB_NAME void* aligned_alloc(size_t align, size_t size) {
    return kslab::memalign_any(align, size, kslab::call_kind::aligned_alloc);
}
KSLAB_NAME int posix_memalign(void** result, size_t align, size_t size) {
    return kslab::posix_memalign_any(result, align, size);
}
KSLAB_NAME void* valloc(size_t size) { return kslab::valloc_any(size); }
KSLAB_NAME void* pvalloc(size_t size) { return kslab::pvalloc_any(size); }

KSLAB_NAME size_t malloc_usable_size(void* object) { return kslab::usable_size_any(object); }
// The size is not trusted: a wrong one must not corrupt anything. Debugging compares it.
KSLAB_NAME void free_sized(void* object, size_t size) {
    kslab::free_inline(object, kslab::call_kind::free_sized, size);
}
KSLAB_NAME void free_aligned_sized(void* object, size_t align, size_t size) {
    kslab::free_inline(object, kslab::call_kind::free_aligned_sized, size, align);
}

KSLAB_NAME struct mallinfo mallinfo() { return kslab::mallinfo_read(); }
KSLAB_NAME struct mallinfo2 mallinfo2() { return kslab::mallinfo2_read(); }
KSLAB_NAME int malloc_info(int options, FILE* to) { return kslab::malloc_info_write(options, to); }
KSLAB_NAME void malloc_stats() { kslab::malloc_stats_write(); }
KSLAB_NAME int malloc_trim(size_t pad) { return kslab::malloc_trim_all(pad); }
KSLAB_NAME int mallopt(int parameter, int value) { return kslab::mallopt_set(parameter, value); }

// Older names that glibc still exports.
extern "C" {
KSLAB_ALIAS(malloc) void* __libc_malloc(size_t);
KSLAB_ALIAS(free) void __libc_free(void*);
KSLAB_ALIAS(free) void cfree(void*);
KSLAB_ALIAS(calloc) void* __libc_calloc(size_t, size_t);
KSLAB_ALIAS(realloc) void* __libc_realloc(void*, size_t);
KSLAB_ALIAS(reallocarray) void* __libc_reallocarray(void*, size_t, size_t);
KSLAB_ALIAS(memalign) void* __libc_memalign(size_t, size_t);
KSLAB_ALIAS(posix_memalign) int __posix_memalign(void**, size_t, size_t);
KSLAB_ALIAS(valloc) void* __libc_valloc(size_t);
KSLAB_ALIAS(pvalloc) void* __libc_pvalloc(size_t);
KSLAB_ALIAS(mallinfo) struct mallinfo __libc_mallinfo();
KSLAB_ALIAS(mallopt) int __libc_mallopt(int, int);
}
