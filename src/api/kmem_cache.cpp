// Objects of users' caches (include/kslab/kmem_cache.h).
//
//   alloc  the cache's offset → this thread's vector → array → entry[--avail]
//     empty?  alloc_slow: no array yet, refill, debugging, caches whose every operation is slow
//   free   the same way → entry[avail++]
//     full?   free_slow: flush, the proofs of debugging
#include "kslab/kmem_cache.h"

#include "base/check.h"
#include "base/probes.h"
#include "cache/bad_free.h"
#include "cache/group.h"
#include "cache/node.h"
#include "debug/object/bad_calls.h"
#include "debug/object/objects.h"
#include "debug/object/quarantine.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/twins.h"

// The header's struct is kslab's own, by another name.
static kslab::kmem_cache* of(::kmem_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

namespace kslab {

namespace {

// Either the object or the cache that it is said to be of may be under debugging.
bool debug_takes_free(kmem_cache* cache, void* object) {
    page_owner owner = page_owner_of(object);
    call how{.kind = call_kind::kmem_cache_free, .cache = cache};
    if (owner.none()) return debug_functions.bad_pointer(object, how);
    if (!under_debugging(owner)) return cache->debug != 0 && debug_functions.bad_pointer(object, how);
    debug_functions.free(object, owner, how);
    return true;
}

KSLAB_ALWAYS_INLINE void* alloc_for(kmem_cache* cache, gfp_t gfp, const void* caller) {
    call how{.kind = call_kind::kmem_cache_alloc, .size = cache->object_size, .gfp = gfp, .caller = caller};
    return cache_alloc(cache, how);
}

// Reached by a jump: the return address is that of who called kmem_cache_alloc.
KSLAB_NOINLINE void* alloc_slow(kmem_cache* cache, gfp_t gfp) {
    void* object = alloc_for(cache, gfp, __builtin_return_address(0));
    KSLAB_PROBE5(kmem_cache_alloc, __builtin_return_address(0), object, cache->object_size, cache->size, gfp);
    if ((gfp & __GFP_ZERO) != 0 && object != nullptr) __builtin_memset(object, 0, cache->object_size);
    return object;
}

KSLAB_NOINLINE void* alloc_on_node(kmem_cache* cache, gfp_t gfp, int node) {
    call how{.kind = call_kind::kmem_cache_alloc,
             .size = cache->object_size,
             .gfp = gfp,
             .node = node,
             .caller = __builtin_return_address(0)};
    void* object = cache_alloc(cache, how);
    KSLAB_PROBE6(kmem_cache_alloc_node, __builtin_return_address(0), object, cache->object_size, cache->size, gfp, node);
    if ((gfp & __GFP_ZERO) != 0 && object != nullptr) __builtin_memset(object, 0, cache->object_size);
    return object;
}

KSLAB_NOINLINE void free_slow(kmem_cache* cache, void* object) {
    if (object == nullptr) return;
    if (KSLAB_UNLIKELY(debug_flags != 0) && debug_takes_free(cache, object)) return;
    cache_free(cache, object);
}

// False: objects are in use, or in other threads' arrays.
bool shrink(kmem_cache* cache) {
    ask_to_drain(cache);
    drain_this_thread(cache);
    return cache_shrink_node(cache);
}

KSLAB_NOINLINE void* zeroed(kmem_cache* cache, void* object) {
    return __builtin_memset(object, 0, cache->object_size);
}

// Takes up to `most` of what the array holds, newest first.
unsigned pop_many(array_cache* ac, void** out, size_t most) {
    unsigned avail = ac->avail;
    unsigned taken = avail < most ? avail : static_cast<unsigned>(most);
    array_set_avail(ac, avail - taken);
    for (unsigned i = 0; i < taken; i++) out[i] = ac->entry[avail - 1 - i];
    return taken;
}

// How many of `objects` found room, or were null.
size_t push_many(array_cache* ac, void* const* objects, size_t count) {
    unsigned avail = ac->avail;
    unsigned limit = ac->limit;
    size_t done = 0;
    for (; done < count; done++) {
        if (objects[done] == nullptr) continue;
        if (avail >= limit) break;
        ac->entry[avail++] = objects[done];
    }
    if (avail != ac->avail) array_set_avail(ac, avail);
    return done;
}

}  // namespace

}  // namespace kslab

extern "C" {

KSLAB_EXPORT void* kmem_cache_alloc(struct kmem_cache* cache, gfp_t flags) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    array_cache* ac = hot_array(c->vector_offset);
    // 64 bits wide: the borrow tells that it was 0.
    uint64_t avail = ac->avail;
    if (KSLAB_UNLIKELY(__builtin_sub_overflow(avail, 1u, &avail))) return alloc_slow(c, flags);
    __atomic_store_n(&ac->avail, static_cast<uint32_t>(avail), __ATOMIC_RELAXED);
    void* object = ac->entry[avail];
    KSLAB_PROBE5(kmem_cache_alloc, __builtin_return_address(0), object, c->object_size, c->size, flags);
    if (KSLAB_UNLIKELY((flags & __GFP_ZERO) != 0)) return zeroed(c, object);
    return object;
}

KSLAB_EXPORT void* kmem_cache_zalloc(struct kmem_cache* cache, gfp_t flags) {
    return kmem_cache_alloc(cache, flags | __GFP_ZERO);
}

KSLAB_EXPORT void* kmem_cache_alloc_node(struct kmem_cache* cache, gfp_t flags, int node) {
    using namespace kslab;
    if (KSLAB_LIKELY(nr_nodes == 1 || node < 0)) return kmem_cache_alloc(cache, flags);
    kslab::kmem_cache* c = of(cache);
    return alloc_on_node(c, flags, node);
}

KSLAB_EXPORT int kmem_cache_alloc_bulk(struct kmem_cache* cache, gfp_t flags, size_t count, void** objects) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    size_t taken = 0;
    for (;;) {
        taken += pop_many(hot_array(c->vector_offset), objects + taken, count - taken);
        if (taken == count) break;
        objects[taken] = alloc_for(c, flags, __builtin_return_address(0));
        if (KSLAB_UNLIKELY(objects[taken] == nullptr)) return kmem_cache_free_bulk(cache, taken, objects), 0;
        taken++;
    }
    if (KSLAB_UNLIKELY((flags & __GFP_ZERO) != 0))
        for (size_t i = 0; i < count; i++) zeroed(c, objects[i]);
    KSLAB_PROBE5(kmem_cache_alloc_bulk, __builtin_return_address(0), objects, c->object_size, count, flags);
    return static_cast<int>(count);
}

KSLAB_EXPORT void kmem_cache_free(struct kmem_cache* cache, void* object) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    KSLAB_PROBE2(kmem_cache_free, __builtin_return_address(0), object);
    if (KSLAB_LIKELY(object != nullptr && array_push(hot_array(c->vector_offset), object))) return;
    free_slow(c, object);
}

KSLAB_EXPORT void kmem_cache_free_bulk(struct kmem_cache* cache, size_t count, void** objects) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    KSLAB_PROBE5(kmem_cache_free_bulk, __builtin_return_address(0), objects, c->object_size, count, 0);
    for (size_t done = 0; done < count;) {
        done += push_many(hot_array(c->vector_offset), objects + done, count - done);
        if (done < count) free_slow(c, objects[done++]);
    }
}

KSLAB_EXPORT int kmem_cache_shrink(struct kmem_cache* cache) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    if (c->debug != 0) quarantine_drain();
    bool empty = shrink(c);
    for_each_child(c, [&empty](kslab::kmem_cache* child) { empty = shrink(child) && empty; });
    return empty ? 0 : 1;
}

KSLAB_EXPORT unsigned int kmem_cache_size(struct kmem_cache* cache) { return of(cache)->object_size; }

KSLAB_EXPORT const char* kmem_cache_name(struct kmem_cache* cache) { return of(cache)->name; }

KSLAB_EXPORT size_t kmem_cache_aliases(struct kmem_cache* cache, char (*names)[KMEM_CACHE_NAME_BYTES], size_t most) {
    static_assert(KMEM_CACHE_NAME_BYTES == kslab::kCacheNameBytes);
    return kslab::cache_copy_aliases(of(cache), names, most);
}

KSLAB_EXPORT int kmem_ptr_validate(struct kmem_cache* cache, const void* object) {
    using namespace kslab;
    const kslab::kmem_cache* c = of(cache);
    if (c->debug != 0) {
        place p;
        return find_place(object, p) && p.cache == c && p.object() == object ? 1 : 0;
    }
    const slab* s = page_owner_of(object).slab();
    return s != nullptr && (s->cache == c || s->cache->root == c) && obj_to_index(s, object, c->size, c->reciprocal) != kNoIndex ? 1 : 0;
}

KSLAB_EXPORT struct kmem_cache* kmem_find_general_cachep(size_t size, gfp_t flags) {
    using namespace kslab;
    boot();
    return reinterpret_cast<struct ::kmem_cache*>(kmalloc_cache_for(size, flags));
}

KSLAB_EXPORT int numa_node_id(void) { return kslab::attached_thread() != nullptr ? static_cast<int>(kslab::this_node()) : 0; }

KSLAB_EXPORT int num_online_nodes(void) { return kslab::boot(), static_cast<int>(kslab::nr_nodes); }

KSLAB_EXPORT int slab_is_available(void) { return kslab::booted() ? 1 : 0; }

// What the inlined forms call, in the archives only (kslab/inline.h).
void* kslab_kmem_cache_alloc_called(struct kmem_cache* cache, gfp_t flags)
    __attribute__((alias("kslab_kmem_cache_alloc"), visibility("hidden")));
void kslab_kmem_cache_free_called(struct kmem_cache* cache, void* object)
    __attribute__((alias("kslab_kmem_cache_free"), visibility("hidden")));

}  // extern "C"
