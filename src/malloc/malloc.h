// C, POSIX and glibc semantics on top of src/kmalloc: errno, zero sizes, overflow, alignment, realloc, foreign
// pointers. preload/ gives these functions the names that programs call; the fast path is inlined there.
//
// errno: success leaves it alone, failure sets ENOMEM (EINVAL for a bad alignment), free never touches it.
#pragma once
#include <errno.h>

#include "check/record.h"
#include "thread/thread_cache.h"

namespace kslab {

// ---- What the fast path leaves.
// `caller` is the return address of the program's call, for KSLAB_GROUPS=modules. As a default argument it is that of the
// function that calls: only what programs call themselves may leave it out.
void* malloc_slow(size_t size, call_kind kind, const void* caller);
// What no array of the thread has. Not static: gcc would take a function that only unlikely paths call for unlikely as a whole,
// and place it apart.
void* malloc_missed(size_t size, call_kind kind, const void* caller);
// `size` and `align` as the caller of a sized or aligned delete says; kNotSaid without.
void free_slow(void* object, call_kind kind, size_t size, size_t align);
void free_missed(void* object, call_kind kind, size_t size, size_t align);
inline constexpr size_t kNotSaid = ~size_t{0};

// calloc jumps to the first, and that to the second, which so has the program's return address itself.
void* calloc_any(size_t count, size_t size);
void* calloc_missed(size_t count, size_t size);
void* realloc_any(void* object, size_t size, const void* caller = __builtin_return_address(0));
void* reallocarray_any(void* object, size_t count, size_t size, const void* caller = __builtin_return_address(0));

// memalign: any alignment is rounded up to a power of two, as in glibc.
void* memalign_any(size_t align, size_t size, call_kind kind, const void* caller = __builtin_return_address(0));
void* memalign_missed(size_t align, size_t size, call_kind kind, const void* caller);
int posix_memalign_any(void** result, size_t align, size_t size, const void* caller = __builtin_return_address(0));
void* valloc_any(size_t size, const void* caller = __builtin_return_address(0));
void* pvalloc_any(size_t size, const void* caller = __builtin_return_address(0));
size_t usable_size_any(const void* object);

// In the function that a program calls: its return address is read on the slow path only.
KSLAB_ALWAYS_INLINE void* malloc_inline(size_t size, call_kind kind = call_kind::malloc) {
    auto slow = [=]() __attribute__((always_inline)) { return malloc_slow(size, kind, __builtin_return_address(0)); };
    if (KSLAB_UNLIKELY(size > kFastMaximum)) return slow();
    return malloc_fast(size, slow);
}

// Elsewhere.
KSLAB_ALWAYS_INLINE void* malloc_inline(size_t size, call_kind kind, const void* caller) {
    if (KSLAB_UNLIKELY(size > kFastMaximum)) return malloc_slow(size, kind, caller);
    return malloc_fast(size, [=] { return malloc_slow(size, kind, caller); });
}

KSLAB_ALWAYS_INLINE void free_inline(void* object, call_kind kind = call_kind::free, size_t size = kNotSaid,
                                     size_t align = kNotSaid) {
    if (KSLAB_UNLIKELY(!free_fast(object))) free_slow(object, kind, size, align);
}

// Options, standing down, fork and exit handlers. From the library's constructor and from the first slow call.
void malloc_boot();

}  // namespace kslab
