// The slow path of allocation and free.
#include "kmalloc/kmalloc.h"

#include "base/check.h"
#include "cache/bad_free.h"
#include "kmalloc/large.h"
#include "pages/page_allocator.h"
#include "thread/rcu.h"

namespace kslab {

namespace {

// The calling thread's arrays, made on its first call; null when it has none and gets none.
thread_cache* attached_thread() {
    thread_cache* thread = current_thread;
    switch (state_of(thread)) {
        case thread_state::alive: return thread;
        case thread_state::dead: return nullptr;
        case thread_state::empty: break;
    }
    boot();
    return thread_attach();
}

array_cache* array_of(thread_cache* thread, const kmem_cache* cache) {
    return cache->slot != 0 ? array_at(thread, cache->slot) : thread_vector_array(thread, cache);
}

// Memory is short: what waits in arrays and free slabs may do. Not for sizes that it could never serve.
bool made_room_for(size_t size) {
    if (size > all_pages.stats().mapped * kPageSize) return false;
    size_t released = trim_everything();
    return all_pages.release_address_space() + released > 0;
}

void* large(size_t size, size_t align, bool zeroed = false) {
    if (thread_cache* thread = attached_thread()) thread_tick(thread);
    run* r = large_allocate(size, align, zeroed);
    if (KSLAB_UNLIKELY(r == nullptr) && made_room_for(size)) r = large_allocate(size, align, zeroed);
    rcu_poll();
    return r == nullptr ? nullptr : r->memory();
}

}  // namespace

kmem_cache* class_for(size_t size) {
    if (size <= kFastMaximum) return &kmalloc_caches.caches[kmalloc_caches.class_of[(size + 15) >> 4]];
    unsigned index = kmalloc_caches.class_of[kFastMaximum / 16];
    while (kmalloc_caches.classes.size[index] < size) index++;
    return &kmalloc_caches.caches[index];
}

kmem_cache* class_for_aligned(size_t size, size_t align) {
    if (size > kmalloc_caches.largest || align > kPageSize) return nullptr;
    kmem_cache* last = &kmalloc_caches.caches[kmalloc_caches.classes.count - 1];
    for (kmem_cache* cache = class_for(size < align ? align : size); cache <= last; cache++)
        if (cache->size % align == 0 && cache->align >= align) return cache;
    return nullptr;
}

namespace {

void* cache_alloc_once(kmem_cache* cache) {
    thread_cache* thread = attached_thread();
    array_cache* ac = thread == nullptr ? nullptr : array_of(thread, cache);
    if (ac == nullptr) return cache_alloc_direct(cache);
    return array_pop(ac, [=] { return cache_alloc_refill(thread, cache, ac); });
}

}  // namespace

void* cache_alloc(kmem_cache* cache, size_t size, call_kind kind) {
    if (KSLAB_UNLIKELY(cache->debug != 0)) {
        rcu_poll();
        return debug_functions.allocate(cache, {.kind = kind, .size = size});
    }
    void* object = cache_alloc_once(cache);
    if (KSLAB_UNLIKELY(object == nullptr) && made_room_for(cache->size)) object = cache_alloc_once(cache);
    rcu_poll();
    return object;
}

void cache_free(kmem_cache* cache, void* object) {
    thread_cache* thread = attached_thread();
    array_cache* ac = thread == nullptr ? nullptr : array_of(thread, cache);
    if (ac == nullptr)
        cache_free_direct(cache, object);
    else
        cache_flusharray(thread, cache, ac, object);
    rcu_poll();
}

namespace {

// Whether debugging serves this request, and from which cache then (null: a run of its own). Behind a redzone an
// aligned object needs room to be moved up.
bool debug_serves(const call& how, kmem_cache*& cache) {
    if (KSLAB_LIKELY(debug_flags == 0)) return false;
    size_t room = how.size + (how.align > kMallocMinimum ? how.align : 0);
    cache = room > kmalloc_caches.largest ? nullptr : class_for(room);
    return (cache == nullptr ? debug_large_flags : cache->debug) != 0;
}

// An allocation that is guarded by chance; null: it is not, or there is no room for a guard now.
void* sampled(call& how) {
    if (KSLAB_LIKELY(!debug_sampling) || !debug_functions.sample()) return nullptr;
    how.sampled = true;
    return debug_functions.allocate(how.size > kmalloc_caches.largest ? nullptr : class_for(how.size), how);
}

}  // namespace

void* kmalloc_slow(size_t size, call_kind kind) {
    if (KSLAB_UNLIKELY(!booted())) boot();
    call how{.kind = kind, .size = size};
    kmem_cache* cache;
    if (KSLAB_UNLIKELY(debug_serves(how, cache))) return debug_functions.allocate(cache, how);
    if (void* object = sampled(how)) return object;
    if (size > kmalloc_caches.largest) return large(size, kMallocMinimum);
    return cache_alloc(class_for(size), size, kind);
}

void* kmalloc_aligned(size_t size, size_t align, call_kind kind) {
    if (KSLAB_UNLIKELY(!booted())) boot();
    call how{.kind = kind, .size = size, .align = align};
    kmem_cache* cache;
    if (KSLAB_UNLIKELY(debug_serves(how, cache))) return debug_functions.allocate(cache, how);
    if (void* object = sampled(how)) return object;
    cache = class_for_aligned(size, align);
    // Its room was for a larger class, which is not debugged.
    if (cache != nullptr && cache->debug == 0) return cache_alloc(cache, size, kind);
    return large(size == 0 ? 1 : size, align);
}

void* kmalloc_zeroed(size_t size, call_kind kind) {
    if (KSLAB_UNLIKELY(!booted())) boot();
    call how{.kind = kind, .size = size, .zero = true};
    kmem_cache* cache;
    if (KSLAB_UNLIKELY(debug_serves(how, cache))) return debug_functions.allocate(cache, how);
    if (void* object = sampled(how)) return object;
    if (size > kmalloc_caches.largest) {
        void* object = large(size, kMallocMinimum, true);
        if (object == nullptr) return nullptr;
        if (!large_is_zero(page_owner_of(object).run())) __builtin_memset(object, 0, size);
        return object;
    }
    void* object = cache_alloc(class_for(size), size, kind);
    if (object != nullptr) __builtin_memset(object, 0, size);
    return object;
}

page_owner owner_of(const void* pointer) { return page_owner_of(pointer); }

bool under_debugging(page_owner owner) {
    const run* r = owner.run();
    if (r == nullptr) return owner.slab()->cache->debug != 0;
    // A run that is not in use: a pointer to what was freed, for debugging to report.
    return r->record != nullptr || (KSLAB_UNLIKELY(debug_flags != 0) && r->state != run_state::used);
}

void free_owned(void* object, page_owner owner, const call& how) {
    if (KSLAB_UNLIKELY(under_debugging(owner))) return debug_functions.free(object, owner, how);
    if (run* r = owner.run()) {
        if (thread_cache* thread = attached_thread()) thread_tick(thread);
        return large_free(r, object);
    }
    cache_free(owner.slab()->cache, object);
}

namespace {

// The object's cache, when an object begins at that place.
const kmem_cache* checked_cache(const void* object, const slab* s) {
    const kmem_cache* cache = s->cache;
    if (KSLAB_UNLIKELY(obj_to_index(s, object, cache->size, cache->reciprocal) == kNoIndex))
        report_bad_free(bad_free::interior, object);
    return cache;
}

}  // namespace

size_t usable_size(const void* object, page_owner owner) {
    if (KSLAB_UNLIKELY(under_debugging(owner)))
        return debug_functions.usable_size(object, owner, {.kind = call_kind::usable_size});
    if (const run* r = owner.run()) {
        large_check_in_use(r, object);
        return large_usable(r);
    }
    return checked_cache(object, owner.slab())->object_size;
}

bool resize_in_place(void* object, page_owner owner, size_t size) {
    if (KSLAB_UNLIKELY(under_debugging(owner))) return false;
    run* r = owner.run();
    if (r == nullptr) {
        // Shrinking keeps the object unless half of it would be wasted.
        size_t have = checked_cache(object, owner.slab())->object_size;
        return size <= have && size >= have / 2;
    }
    large_check_in_use(r, object);
    if (size <= kmalloc_caches.largest) return false;
    size_t wanted = large_pages(size);
    if (wanted > r->pages) return all_pages.grow(r, wanted);
    // Giving less than an eighth back is not worth two runs.
    if (r->pages - wanted > r->pages / 8) all_pages.shrink(r, wanted);
    return true;
}

void* resize_by_moving(void*, page_owner owner, size_t size) {
    // Below 256 KiB copying is cheaper than a system call and new page-table entries.
    constexpr size_t kMoveFrom = (size_t{256} << 10) >> kPageShift;
    run* r = owner.run();
    if (r == nullptr || r->record != nullptr || r->pages < kMoveFrom || large_pages(size) <= r->pages) return nullptr;
    return all_pages.move(r, large_pages(size)) ? r->memory() : nullptr;
}

}  // namespace kslab
