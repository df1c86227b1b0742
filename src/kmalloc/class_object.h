// What realloc, memalign and malloc_usable_size need to know of an object of a class; inlined into src/malloc.
#pragma once
#include "base/bits.h"
#include "cache/bad_free.h"
#include "kmalloc/kmalloc.h"
#include "slab/slab.h"

namespace kslab {

// The slot of the smallest class of at least `size` bytes, rounded up to `align` (a power of two), if its objects are all aligned
// to that: its array may be asked first. 0: they are not (class_for_aligned looks further), it has no slot, or it is large.
// Before boot all is zero, and so is the slot.
inline uint16_t aligned_slot(size_t size, size_t align) {
    if (align > kFastMaximum || size > kFastMaximum) return 0;
    size_t room = align_up(size + (size == 0), align);
    if (room > kFastMaximum) return 0;
    const kmem_cache& cache = *class_for(room);
    return cache.align >= align && (cache.size & (align - 1)) == 0 ? cache.slot : uint16_t{0};
}

// The object's cache, when an object begins at that place; reports what is none.
inline const kmem_cache* checked_cache(const void* object, const slab* s) {
    const kmem_cache* cache = s->cache;
    if (KSLAB_UNLIKELY(obj_to_index(s, object, cache->size, cache->reciprocal) == kNoIndex))
        report_bad_free(bad_free::interior, object);
    return cache;
}

// The object's size, where it is of a class with a slot: nothing under debugging, and nobody counts its hits. 0: something
// else. Reports what is no object.
inline size_t class_object_size(const void* object, page_owner owner) {
    const slab* s = owner.slab();
    return KSLAB_LIKELY(s != nullptr && s->cache->slot != 0) ? size_t{checked_cache(object, s)->object_size} : 0;
}

// Whether an object that has room for `have` bytes is kept for `size`: not if more than half would be wasted.
inline bool resize_keeps(size_t have, size_t size) { return size <= have && size >= have / 2; }

}  // namespace kslab
