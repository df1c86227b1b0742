// kmalloc and its kin (include/kslab/kmalloc.h).
#include "kslab/kmalloc.h"

#include "kmalloc/kmalloc.h"
#include "cache/bad_free.h"

using namespace kslab;

namespace {

page_owner owner_or_report(const void* object) {
    page_owner owner = owner_of(object);
    if (KSLAB_UNLIKELY(owner.none())) report_bad_free(bad_free::not_ours, object);
    return owner;
}

// kmalloc-8 is the only class that malloc does not use.
void* allocate_tiny() {
    boot();
    return cache_alloc(&kmalloc_caches.caches[0]);
}

}  // namespace

extern "C" {

KSLAB_EXPORT void* kmalloc(size_t size, gfp_t flags) {
    if ((flags & __GFP_ZERO) != 0) return kzalloc(size, 0);
    if (KSLAB_UNLIKELY(size == 0)) return ZERO_SIZE_PTR;
    if (size <= kSmallestClass) return allocate_tiny();
    if (KSLAB_UNLIKELY(size > kFastMaximum)) return kmalloc_slow(size);
    return malloc_fast(size, [size] { return kmalloc_slow(size); });
}

KSLAB_EXPORT void* kzalloc(size_t size, gfp_t flags) {
    if (size > kFastMaximum) return kmalloc_zeroed(size);
    void* object = kmalloc(size, flags & ~__GFP_ZERO);
    if (!ZERO_OR_NULL_PTR(object)) __builtin_memset(object, 0, size);
    return object;
}

KSLAB_EXPORT void kfree(const void* pointer) {
    if (ZERO_OR_NULL_PTR(pointer)) return;
    void* object = const_cast<void*>(pointer);
    if (KSLAB_LIKELY(free_fast(object))) return;
    free_owned(object, owner_or_report(object));
}

KSLAB_EXPORT void* krealloc(const void* pointer, size_t size, gfp_t flags) {
    if (size == 0) return kfree(pointer), ZERO_SIZE_PTR;
    if (ZERO_OR_NULL_PTR(pointer)) return kmalloc(size, flags);
    void* object = const_cast<void*>(pointer);
    page_owner owner = owner_or_report(object);
    size_t have = usable_size(object, owner);
    if (have >= size) return object;
    if (resize_in_place(object, owner, size)) return object;
    if (void* moved = resize_by_moving(object, owner, size)) return moved;
    void* larger = kmalloc(size, flags);
    if (larger == nullptr) return nullptr;
    __builtin_memcpy(larger, object, have);
    free_owned(object, owner);
    return larger;
}

KSLAB_EXPORT size_t ksize(const void* object) {
    return ZERO_OR_NULL_PTR(object) ? 0 : usable_size(object, owner_or_report(object));
}

}  // extern "C"
