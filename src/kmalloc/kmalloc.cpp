// The slow path of allocation and free.
#include "kmalloc/kmalloc.h"

#include "base/check.h"
#include "cache/node.h"
#include "kmalloc/class_object.h"
#include "kmalloc/groups.h"
#include "kmalloc/large.h"
#include "kmalloc/shortage.h"
#include "pages/page_allocator.h"
#include "pages/populate.h"
#include "thread/rcu.h"

namespace kslab {

thread_cache* attached_thread() {
    thread_cache* thread = this_thread();
    switch (state_of(thread)) {
        case thread_state::alive: return thread;
        case thread_state::dead: return nullptr;
        case thread_state::empty: break;
    }
    boot();
    return thread_attach();
}

namespace {

group* group_for_call(const call& how) { return KSLAB_UNLIKELY(groups_in_use) ? group_of_call(how) : nullptr; }

bool must_succeed(gfp_t gfp) { return (gfp & __GFP_NOFAIL) != 0; }

run* large_run(const call& how) {
    size_t size = how.size == 0 ? 1 : how.size;
    size_t align = how.align > kMallocMinimum ? how.align : kMallocMinimum;
    bool low = (how.gfp & __GFP_DMA) != 0;
    for (unsigned attempt = 0;; attempt++) {
        run* r = large_allocate({.size = size,
                                 .align = align,
                                 .zero = how.zero,
                                 .reserve = may_use_reserve(how.gfp),
                                 .low = low});
        if (KSLAB_LIKELY(r != nullptr)) return set_large_group(r, 0), r;
        if (!try_again(how.gfp, size, attempt)) return nullptr;
    }
}

run* large_run_in_group(group& of, const call& how) {
    if (!group_make_room(of, pages_for(how.size == 0 ? 1 : how.size) * kPageSize, how.gfp)) return nullptr;
    run* r = large_run(how);
    if (r != nullptr && group_charge(of, large_usable(r), must_succeed(how.gfp))) return set_large_group(r, of.id), r;
    group_note_failure(of);
    if (r == nullptr) return nullptr;
    r->watch = run_watch::none;  // nobody had it
    large_free(r, r->memory());
    return nullptr;
}

void* large(const call& how) {
    if (thread_cache* thread = attached_thread()) thread_tick(thread);
    group* of = group_for_call(how);
    run* r = KSLAB_LIKELY(of == nullptr) ? large_run(how) : large_run_in_group(*of, how);
    if (KSLAB_UNLIKELY(r == nullptr)) return nullptr;
    rcu_poll();
    return r->memory();
}

}  // namespace

kmem_cache* large_class_for(size_t size) {
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

// Past all arrays, from that node's lists.
void* alloc_on_node(kmem_cache* cache, const call& how) {
    unsigned n = static_cast<unsigned>(how.node);
    void* object;
    if (node_take(cache, n, &object, 1, how.gfp) == 0) return nullptr;
    if (n != this_node()) cache->at(n).node_allocs.fetch_add(1, std::memory_order_relaxed);
    return object;
}

// A node that the machine has not is no wish. The thread's array will do for its own node, unless it must be that
// node: objects of others that the thread freed are in the array, too.
bool past_the_array(const call& how, const thread_cache* thread) {
    if (KSLAB_LIKELY(nr_nodes == 1 || how.node < 0 || static_cast<unsigned>(how.node) >= nr_nodes)) return false;
    return thread == nullptr || thread->node != static_cast<unsigned>(how.node) || (how.gfp & __GFP_THISNODE) != 0;
}

void count(std::atomic<size_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

void* cache_alloc_once(kmem_cache* cache, const call& how) {
    thread_cache* thread = attached_thread();
    if (KSLAB_UNLIKELY(past_the_array(how, thread))) {
        void* object = alloc_on_node(cache, how);
        if (object != nullptr || (how.gfp & __GFP_THISNODE) != 0) return object;
    }
    array_cache* ac = thread == nullptr ? nullptr : thread_array(thread, cache);
    if (KSLAB_UNLIKELY((cache->slow & kSlowStats) != 0))
        count(ac != nullptr && ac->avail > 0 ? cache->counts.alloc_hit : cache->counts.alloc_miss);
    if (ac == nullptr) return cache_alloc_direct(cache, how.gfp);
    return array_pop(ac, [&] { return cache_alloc_refill(thread, cache, ac, how.gfp); });
}

// SLAB_DEBUG_INITIAL: the owner looks whether the object is in its constructed state.
void verify(kmem_cache* cache, void* object) {
    if (cache->ctor_2_6 == nullptr) return;
    cache->ctor_2_6(object, cache_of_user(cache), SLAB_CTOR_CONSTRUCTOR | SLAB_CTOR_VERIFY);
}

void* cache_alloc_plain(kmem_cache* cache, const call& how) {
    void* object = cache_alloc_once(cache, how);
    for (unsigned attempt = 0; KSLAB_UNLIKELY(object == nullptr) && try_again(how.gfp, cache->size, attempt); attempt++)
        object = cache_alloc_once(cache, how);
    return object;
}

void cache_free_plain(kmem_cache* cache, void* object) {
    thread_cache* thread = attached_thread();
    array_cache* ac = thread == nullptr ? nullptr : thread_array(thread, cache);
    if (KSLAB_UNLIKELY((cache->slow & kSlowStats) != 0))
        count(ac != nullptr && ac->avail < ac->limit ? cache->counts.free_hit : cache->counts.free_miss);
    if (ac == nullptr) return cache_free_direct(cache, object);
    // Where every operation is slow, the array has room most times: with threads in groups, and their objects.
    if (array_push(ac, object)) return;
    cache_flusharray(thread, cache, ac, object);
}

void* cache_alloc_in_group(group& of, kmem_cache* root, const call& how) {
    if (!group_make_room(of, root->size, how.gfp)) return nullptr;
    kmem_cache* cache = child_for(root, of);
    void* object = cache == nullptr ? nullptr : cache_alloc_plain(cache, how);
    // Without memory for a child what must not fail comes from the root, and is in no group.
    if (KSLAB_UNLIKELY(cache == nullptr) && must_succeed(how.gfp)) return cache_alloc_plain(root, how);
    if (object != nullptr && group_charge(of, cache->size, must_succeed(how.gfp))) return object;
    group_note_failure(of);
    if (object != nullptr) cache_free_plain(cache, object);
    return nullptr;
}

// An object of a cache with SLAB_ACCOUNT may be one of a child's.
kmem_cache* cache_of_object(kmem_cache* cache, const void* object) {
    if (KSLAB_LIKELY((cache->slow & kSlowAccount) == 0)) return cache;
    const slab* s = page_owner_of(object).slab();
    return s != nullptr && s->cache->root == cache ? s->cache : cache;
}

}  // namespace

void* cache_alloc(kmem_cache* cache, const call& how) {
    if (KSLAB_UNLIKELY(cache->debug != 0)) {
        rcu_poll();
        return debug_functions.allocate(cache, how);
    }
    group* of = is_charged(cache) ? group_for_call(how) : nullptr;
    void* object = KSLAB_LIKELY(of == nullptr) ? cache_alloc_plain(cache, how) : cache_alloc_in_group(*of, cache, how);
    rcu_poll();
    return object;
}

void cache_free(kmem_cache* cache, void* object) {
    cache = cache_of_object(cache, object);
    if (KSLAB_UNLIKELY((cache->slow & kSlowVerify) != 0)) verify(cache, object);
    group* of = cache->owner;
    size_t bytes = cache->size;
    cache_free_plain(cache, object);
    if (KSLAB_UNLIKELY(of != nullptr)) group_uncharge(*of, bytes);
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
void* sampled(const call& how) {
    if (KSLAB_LIKELY(!debug_sampling) || !debug_functions.sample()) return nullptr;
    // Copied here only: each call would wait for what the caller has just stored.
    call guarded = how;
    guarded.sampled = true;
    return debug_functions.allocate(how.size > kmalloc_caches.largest ? nullptr : class_for(how.size), guarded);
}

// Whole pages that have to read as zero are a run where the page allocator would take fresh ones, for it knows that those do; but
// what is at hand, or would have to be cleared anyway, is not.
bool better_fresh(const kmem_cache* cache, const call& how) {
    if (!how.zero || (how.node >= 0 && nr_nodes > 1) || array_avail(array_at(this_thread(), cache->slot)) > 0) return false;
    return all_pages.dirty() < pages_for(cache->size);
}

// Whole pages of which no class serves this request.
bool better_run(const kmem_cache* cache, const call& how) {
    if (!of_whole_pages(cache)) return false;
    bool may_be_resized = how.kind == call_kind::realloc || how.kind == call_kind::krealloc;
    return may_be_resized || better_fresh(cache, how);
}

// Null: no class serves it. What debugging left has room in a class that is debugged, perhaps; then it gets a run.
kmem_cache* class_of(const call& how) {
    if (how.align > kMallocMinimum) {
        kmem_cache* cache = class_for_aligned(how.size, how.align);
        return cache != nullptr && cache->debug != 0 ? nullptr : cache;
    }
    if (how.size > kmalloc_caches.largest) return nullptr;
    kmem_cache* cache = class_for(how.size);
    return KSLAB_UNLIKELY(better_run(cache, how)) ? nullptr : cache;
}

}  // namespace

void* kmalloc_slow(const call& how) {
    if (KSLAB_UNLIKELY(!booted())) boot();
    kmem_cache* cache;
    if (KSLAB_UNLIKELY(debug_serves(how, cache))) return debug_functions.allocate(cache, how);
    if (void* object = sampled(how)) return object;
    cache = class_of(how);
    if (cache == nullptr) return large(how);
    return cache_alloc_zeroing(cache, how);
}

void* cache_alloc_zeroing(kmem_cache* cache, const call& how) {
    void* object = cache_alloc(cache, how);
    if (object != nullptr && how.zero) __builtin_memset(object, 0, how.size);
    return object;
}

bool under_debugging(page_owner owner) {
    const run* r = owner.run();
    if (r == nullptr) return owner.slab()->cache->debug != 0;
    // A run that is not in use: a pointer to what was freed, for debugging to report.
    return r->record != nullptr || (KSLAB_UNLIKELY(debug_flags != 0) && r->state != run_state::used);
}

namespace {

void free_run(run* r, void* object) {
    if (thread_cache* thread = attached_thread()) thread_tick(thread);
    // Read before another thread gets the run; a bad free is reported before anything is uncharged.
    group* of = group_of_large(r);
    size_t bytes = large_usable(r);
    large_free(r, object);
    if (KSLAB_UNLIKELY(of != nullptr)) group_uncharge(*of, bytes);
    rcu_poll();
}

}  // namespace

void free_owned(void* object, page_owner owner, const call& how) {
    if (KSLAB_UNLIKELY(under_debugging(owner))) return debug_functions.free(object, owner, how);
    if (run* r = owner.run()) return free_run(r, object);
    cache_free(owner.slab()->cache, object);
}

size_t usable_size(const void* object, page_owner owner) {
    if (KSLAB_UNLIKELY(under_debugging(owner)))
        return debug_functions.usable_size(object, owner, {.kind = call_kind::usable_size});
    if (const run* r = owner.run()) {
        large_check_in_use(r, object);
        return large_usable(r);
    }
    return checked_cache(object, owner.slab())->object_size;
}

void prepare_for_copy(const void* object, size_t bytes) {
    if (const run* r = page_owner_of(object).run(); r != nullptr && r->record == nullptr) populate_for_copy(r, bytes);
}

namespace {

// A run of a group grows within its limit.
bool resize_charged(run* r, size_t pages, bool (*resize)(run*, size_t)) {
    group* of = group_of_large(r);
    size_t more = (pages - r->pages) * kPageSize;
    if (KSLAB_LIKELY(of == nullptr)) return resize(r, pages);
    if (!group_charge_more(*of, more)) return false;
    if (resize(r, pages)) return true;
    group_uncharge_some(*of, more);
    return false;
}

}  // namespace

bool resize_in_place(void* object, page_owner owner, size_t size) {
    if (KSLAB_UNLIKELY(under_debugging(owner))) return false;
    run* r = owner.run();
    if (r == nullptr) return resize_keeps(checked_cache(object, owner.slab())->object_size, size);
    large_check_in_use(r, object);
    if (size <= kFastMaximum) return false;
    size_t wanted = pages_for(size);
    if (wanted > r->pages) return resize_charged(r, wanted, grow_run);
    // Giving less than an eighth back is not worth two runs.
    if (r->pages - wanted > r->pages / 8) {
        size_t had = r->pages;
        shrink_run(r, wanted);
        if (group* of = group_of_large(r)) group_uncharge_some(*of, (had - r->pages) * kPageSize);
    }
    return true;
}

void* resize_by_moving(void*, page_owner owner, size_t size) {
    // Below 256 KiB copying is cheaper than a system call and new page-table entries.
    constexpr size_t kMoveFrom = (size_t{256} << 10) >> kPageShift;
    run* r = owner.run();
    if (r == nullptr || r->record != nullptr || r->pages < kMoveFrom || pages_for(size) <= r->pages) return nullptr;
    return resize_charged(r, pages_for(size), move_run) ? r->memory() : nullptr;
}

}  // namespace kslab
