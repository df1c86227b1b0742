// C, POSIX and glibc semantics on top of src/kmalloc: errno, zero sizes, overflow, alignment, realloc, foreign
// pointers. preload/ gives these functions the names that programs call; the fast path is inlined there.
//
// errno: success leaves it alone, failure sets ENOMEM (EINVAL for a bad alignment), free never touches it.
#pragma once
#include <errno.h>

#include "thread/thread_cache.h"

namespace kslab {

// ---- What the fast path leaves.
void* malloc_slow(size_t size);
void free_slow(void* object);

void* calloc_any(size_t count, size_t size);
void* realloc_any(void* object, size_t size);
void* reallocarray_any(void* object, size_t count, size_t size);

// memalign: any alignment is rounded up to a power of two, as in glibc.
void* memalign_any(size_t align, size_t size);
int posix_memalign_any(void** result, size_t align, size_t size);
void* valloc_any(size_t size);
void* pvalloc_any(size_t size);
size_t usable_size_any(const void* object);

KSLAB_ALWAYS_INLINE void* malloc_inline(size_t size) {
    if (KSLAB_UNLIKELY(size > kFastMaximum)) return malloc_slow(size);
    return malloc_fast(size, [size] { return malloc_slow(size); });
}

KSLAB_ALWAYS_INLINE void free_inline(void* object) {
    if (KSLAB_UNLIKELY(!free_fast(object))) free_slow(object);
}

// Options, standing down, fork and exit handlers. From the library's constructor and from the first slow call.
void malloc_boot();

}  // namespace kslab
