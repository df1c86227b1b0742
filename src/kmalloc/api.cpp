// kmalloc and its kin (include/kslab/kmalloc.h).
#include "kslab/kmalloc.h"

#include <stdint.h>

#include "base/probes.h"
#include "cache/bad_free.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/module_groups.h"
#include "kmalloc/twins.h"
#include "thread/slots.h"

using namespace kslab;

namespace {

constexpr gfp_t kSpecialFlags = __GFP_ZERO | __GFP_DMA;

// None: reported by debugging, and nothing is to be done.
page_owner owner_or_report(const void* object, call_kind kind) {
    page_owner owner = page_owner_of(object);
    if (KSLAB_LIKELY(!owner.none())) return owner;
    if (debug_flags == 0 || !debug_functions.bad_pointer(object, {.kind = kind}))
        report_bad_free(bad_free::not_ours, object);
    return owner;
}

// What is not a plain kmalloc of a middle size: kmalloc-8, which malloc does not use, memory below 2 GiB, zeros, nodes.
KSLAB_NOINLINE void* kmalloc_special(const call& how) {
    boot();
    // KMALLOC_MAX_SIZE here. More would wrap where debugging adds redzones.
    if (KSLAB_UNLIKELY(how.size > PTRDIFF_MAX)) return nullptr;
    call asked = how;
    asked.zero = (how.gfp & __GFP_ZERO) != 0;
    void* object;
    if (how.size == 0)
        object = ZERO_SIZE_PTR;
    else if ((how.gfp & __GFP_DMA) != 0)
        object = kmalloc_low(asked);
    else if (how.size <= kSmallestClass)
        object = cache_alloc(&kmalloc_caches.caches[0], asked);
    else if (KSLAB_UNLIKELY(debug_flags != 0) && is_power_of_two(how.size))
        object = kmalloc_natural(asked);
    else
        object = kmalloc_slow(asked);
    if (asked.zero && how.size <= kSmallestClass && !ZERO_OR_NULL_PTR(object)) __builtin_memset(object, 0, how.size);
    return object;
}

// Reached by a jump, as all that is slow: the fast paths need no stack frame.
__attribute__((noinline)) void kfree_slow(void* object) {
    if (free_fast_anywhere(object)) return;
    page_owner owner = owner_or_report(object, call_kind::kfree);
    if (!owner.none()) free_owned(object, owner, {.kind = call_kind::kfree});
}

// Reached by a jump, as kmalloc's caller called it.
KSLAB_NOINLINE void* kmalloc_missed(size_t size, gfp_t flags) {
    const void* caller = __builtin_return_address(0);
    auto special = [=] { return kmalloc_special({.kind = call_kind::kmalloc, .size = size, .gfp = flags, .caller = caller}); };
    void* object = (flags & kSpecialFlags) == 0 ? malloc_whole_pages(size, special) : special();
    KSLAB_PROBE5(kmalloc, __builtin_return_address(0), object, size, ksize(object), flags);
    return object;
}

// Not called by the program itself.
void* kmalloc_for(size_t size, gfp_t flags, const void* caller) {
    return KSLAB_UNLIKELY(by_module) ? kmalloc_track(size, flags, caller) : kmalloc(size, flags);
}

}  // namespace

extern "C" {

KSLAB_EXPORT void* kmalloc(size_t size, gfp_t flags) {
    if (KSLAB_UNLIKELY(size - kSmallestClass - 1 >= kFastMaximum - kSmallestClass || (flags & kSpecialFlags) != 0))
        return kmalloc_missed(size, flags);
    size_t unit = (size + 15) >> 4;
    array_cache* ac = array_at(current_thread, kmalloc_slots.slot[unit]);
    // 64 bits wide: the borrow tells that it was 0.
    uint64_t avail = ac->avail;
    if (KSLAB_UNLIKELY(__builtin_sub_overflow(avail, 1u, &avail))) return kmalloc_missed(size, flags);
    __atomic_store_n(&ac->avail, static_cast<uint32_t>(avail), __ATOMIC_RELAXED);
    void* object = ac->entry[avail];
    KSLAB_PROBE5(kmalloc, __builtin_return_address(0), object, size, kmalloc_slots.bytes[unit], flags);
    return object;
}

KSLAB_EXPORT void* kmalloc_track(size_t size, gfp_t flags, const void* caller) {
    void* object = kmalloc_special(
        {.kind = call_kind::kmalloc, .size = size, .gfp = flags, .caller = caller, .on_behalf = true});
    KSLAB_PROBE5(kmalloc, caller, object, size, ksize(object), flags);
    return object;
}

KSLAB_EXPORT void* kmalloc_node(size_t size, gfp_t flags, int node) {
    if (KSLAB_LIKELY(node < 0 || nr_nodes == 1)) return kmalloc(size, flags);
    const void* caller = __builtin_return_address(0);
    void* object =
        kmalloc_special({.kind = call_kind::kmalloc, .size = size, .gfp = flags, .node = node, .caller = caller});
    KSLAB_PROBE6(kmalloc_node, caller, object, size, ksize(object), flags, node);
    return object;
}

KSLAB_EXPORT void* kzalloc(size_t size, gfp_t flags) { return kmalloc(size, flags | __GFP_ZERO); }

KSLAB_EXPORT void* kzalloc_node(size_t size, gfp_t flags, int node) {
    return kmalloc_node(size, flags | __GFP_ZERO, node);
}

KSLAB_EXPORT void* kmalloc_array(size_t count, size_t size, gfp_t flags) {
    size_t bytes;
    if (KSLAB_UNLIKELY(__builtin_mul_overflow(count, size, &bytes))) return nullptr;
    return kmalloc(bytes, flags);
}

KSLAB_EXPORT void* kcalloc(size_t count, size_t size, gfp_t flags) {
    return kmalloc_array(count, size, flags | __GFP_ZERO);
}

KSLAB_EXPORT void kfree(const void* pointer) {
    void* object = const_cast<void*>(pointer);
    KSLAB_PROBE2(kfree, __builtin_return_address(0), object);
    if (ZERO_OR_NULL_PTR(object)) return;
    if (KSLAB_LIKELY(free_fast(object))) return;
    kfree_slow(object);
}

KSLAB_EXPORT void kfree_sensitive(const void* pointer) {
    if (ZERO_OR_NULL_PTR(pointer)) return;
    void* object = const_cast<void*>(pointer);
    size_t size = ksize(object);
    if (size != 0) __builtin_memset(object, 0, size);
    // Memory that is freed next need not be cleared, a compiler may think.
    __asm__ volatile("" : : "r"(object) : "memory");
    kfree(object);
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
    const void* caller = __builtin_return_address(0);
    // What was resized once may be again: runs grow in place.
    void* larger = size > kFastMaximum && !by_module
                       ? kmalloc_special({.kind = call_kind::krealloc, .size = size, .gfp = flags, .caller = caller})
                       : kmalloc_for(size, flags, caller);
    if (larger == nullptr) return nullptr;
    __builtin_memcpy(larger, object, have);
    KSLAB_PROBE2(kfree, __builtin_return_address(0), object);
    free_owned(object, owner, {.kind = call_kind::krealloc});
    return larger;
}

// What __krealloc of the kernel does: the old object lives on.
KSLAB_EXPORT void* __krealloc(const void* pointer, size_t size, gfp_t flags) {
    if (size == 0) return ZERO_SIZE_PTR;
    if (ZERO_OR_NULL_PTR(pointer)) return kmalloc(size, flags);
    size_t have = ksize(pointer);
    if (have >= size) return const_cast<void*>(pointer);
    void* larger = kmalloc_for(size, flags, __builtin_return_address(0));
    return larger == nullptr ? nullptr : __builtin_memcpy(larger, pointer, have);
}

KSLAB_EXPORT size_t ksize(const void* object) {
    if (ZERO_OR_NULL_PTR(object)) return 0;
    page_owner owner = owner_or_report(object, call_kind::ksize);
    return owner.none() ? 0 : usable_size(object, owner);
}

// What the inlined form calls, in the archives only (kslab/inline.h).
void* kslab_kmalloc_called(size_t size, gfp_t flags) __attribute__((alias("kslab_kmalloc"), visibility("hidden")));

}  // extern "C"
