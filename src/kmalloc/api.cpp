// kmalloc and its kin (include/kslab/kmalloc.h).
#include "kslab/kmalloc.h"

#include "kmalloc/kmalloc.h"
#include "cache/bad_free.h"

using namespace kslab;

namespace {

// None: reported by debugging, and nothing is to be done.
page_owner owner_or_report(const void* object, call_kind kind) {
    page_owner owner = owner_of(object);
    if (KSLAB_LIKELY(!owner.none())) return owner;
    if (debug_flags == 0 || !debug_functions.bad_pointer(object, {.kind = kind}))
        report_bad_free(bad_free::not_ours, object);
    return owner;
}

// kmalloc-8 is the only class that malloc does not use.
void* allocate_tiny(size_t size) {
    boot();
    return cache_alloc(&kmalloc_caches.caches[0], size, call_kind::kmalloc);
}

}  // namespace

extern "C" {

KSLAB_EXPORT void* kmalloc(size_t size, gfp_t flags) {
    if ((flags & __GFP_ZERO) != 0) return kzalloc(size, 0);
    if (KSLAB_UNLIKELY(size == 0)) return ZERO_SIZE_PTR;
    if (size <= kSmallestClass) return allocate_tiny(size);
    if (KSLAB_UNLIKELY(size > kFastMaximum)) return kmalloc_slow(size, call_kind::kmalloc);
    return malloc_fast(size, [size] { return kmalloc_slow(size, call_kind::kmalloc); });
}

KSLAB_EXPORT void* kzalloc(size_t size, gfp_t flags) {
    if (size > kFastMaximum) return kmalloc_zeroed(size, call_kind::kmalloc);
    void* object = kmalloc(size, flags & ~__GFP_ZERO);
    if (!ZERO_OR_NULL_PTR(object)) __builtin_memset(object, 0, size);
    return object;
}

KSLAB_EXPORT void kfree(const void* pointer) {
    if (ZERO_OR_NULL_PTR(pointer)) return;
    void* object = const_cast<void*>(pointer);
    if (KSLAB_LIKELY(free_fast(object))) return;
    page_owner owner = owner_or_report(object, call_kind::kfree);
    if (!owner.none()) free_owned(object, owner, {.kind = call_kind::kfree});
}

KSLAB_EXPORT void* krealloc(const void* pointer, size_t size, gfp_t flags) {
    if (size == 0) return kfree(pointer), ZERO_SIZE_PTR;
    if (ZERO_OR_NULL_PTR(pointer)) return kmalloc(size, flags);
    void* object = const_cast<void*>(pointer);
    page_owner owner = owner_or_report(object, call_kind::krealloc);
    if (KSLAB_UNLIKELY(owner.none())) return nullptr;
    if (KSLAB_UNLIKELY(under_debugging(owner)) && !debug_functions.may_realloc(object, owner, call_kind::krealloc)) return nullptr;
    size_t have = usable_size(object, owner);
    if (have >= size) return object;
    if (resize_in_place(object, owner, size)) return object;
    if (void* moved = resize_by_moving(object, owner, size)) return moved;
    void* larger = kmalloc(size, flags);
    if (larger == nullptr) return nullptr;
    __builtin_memcpy(larger, object, have);
    free_owned(object, owner, {.kind = call_kind::krealloc});
    return larger;
}

KSLAB_EXPORT size_t ksize(const void* object) {
    if (ZERO_OR_NULL_PTR(object)) return 0;
    page_owner owner = owner_or_report(object, call_kind::ksize);
    return owner.none() ? 0 : usable_size(object, owner);
}

}  // extern "C"
