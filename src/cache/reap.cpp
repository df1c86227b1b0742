// Giving memory back: the kernel's reaping of a node, and whole free pages inside slabs.
#include "base/bits.h"
#include "cache/node.h"
#include "os/memory.h"
#include "pages/run.h"

namespace kslab {

namespace {

// REAPTIMEOUT_LIST3 of the kernel: four seconds between two looks at a node.
constexpr uint64_t kReapInterval = 4000;

// So that not all caches are reaped at once.
uint64_t reap_jitter(const kmem_cache* cache) { return reinterpret_cast<uintptr_t>(cache) % kReapInterval; }

// One call to the system for each sequence of pages.
size_t purge_mask(const slab* s, uint32_t mask) {
    size_t released = 0;
    for_each_sequence(mask, [&](unsigned first, unsigned count) {
        void* start = reinterpret_cast<void*>(s->pages->start + first * kPageSize);
        if (os_purge(start, count * kPageSize)) released += count;
    });
    return released;
}

bool worth_a_call(const slab* s, uint32_t mask, pages_wanted wanted) {
    auto pages = static_cast<size_t>(__builtin_popcount(mask));
    return pages > 0 && (wanted == pages_wanted::all || pages * 4 >= s->pages->pages);
}

// A partial slab with whole free pages, of the next few and at most `left` that are looked at; null when none of these
// has any. Its free pages are held: their objects are taken out of the slab as if they were allocated. What was looked at goes
// to the tail.
slab* hold_next(kmem_cache* cache, cache_node& node, pages_wanted wanted, uint32_t& mask, size_t& left) {
    constexpr unsigned kUnderOneLock = 32;
    scoped_lock lock(node.list_lock);
    for (unsigned looked = 0; left > 0 && looked < kUnderOneLock; looked++) {
        if (node.slabs_partial.empty()) {
            left = 0;
            break;
        }
        left--;
        slab* s = KSLAB_CONTAINER_OF(node.slabs_partial.next, slab, list);
        mask = slab_free_pages(s, cache->size);
        bool worth = worth_a_call(s, mask, wanted);
        if (worth) {
            node.free_objects -= slab_hold_pages(s, mask, cache->size, true);
            s->purged |= mask;
        }
        slab_place(node, s, list_end::tail);
        if (worth) return s;
    }
    return nullptr;
}

void release_held(kmem_cache* cache, cache_node& node, slab* s, uint32_t mask) {
    scoped_lock lock(node.list_lock);
    node.free_objects += slab_hold_pages(s, mask, cache->size, false);
    slab_place(node, s, list_end::tail);
}

}  // namespace

size_t drain_slabs_free(cache_node& node, size_t count) {
    list_head destroyed;
    destroyed.init();
    size_t unlinked = 0;
    {
        scoped_lock lock(node.list_lock);
        while (unlinked < count && !node.slabs_free.empty()) {
            slab* s = KSLAB_CONTAINER_OF(node.slabs_free.prev, slab, list);
            slab_unlink(node, s);
            destroyed.add(&s->list);
            unlinked++;
        }
    }
    slabs_destroy(destroyed);
    return unlinked;
}

size_t purge_slab_pages(kmem_cache* cache, cache_node& node, pages_wanted wanted) {
    // Constructed objects keep their state while they are free, poison is checked, and readers may look at freed
    // objects of type-stable memory: zeroes would be another type.
    if (cache->constructs() || cache->debug != 0 || (cache->flags & SLAB_DESTROY_BY_RCU) != 0) return 0;
    size_t released = 0;
    uint32_t mask = 0;
    size_t left = node.num_slabs;
    while (left > 0) {
        slab* s = hold_next(cache, node, wanted, mask, left);
        if (s == nullptr) continue;
        released += purge_mask(s, mask);
        release_held(cache, node, s, mask);
    }
    return released;
}

size_t purge_slab_pages(kmem_cache* cache) {
    size_t released = 0;
    for_each_node(cache, [&](cache_node& node) { released += purge_slab_pages(cache, node, pages_wanted::all); });
    return released;
}

bool cache_shrink_node(kmem_cache* cache) {
    bool empty = true;
    drain_aliens(cache);
    for_each_node(cache, [&](cache_node& node) {
        drain_shared(cache, node);
        drain_slabs_free(node, ~size_t{0});
        scoped_lock lock(node.list_lock);
        empty = empty && node.slabs_full.empty() && node.slabs_partial.empty() && node.slabs_free.empty();
    });
    return empty;
}

void reap_node(kmem_cache* cache, cache_node& node, uint64_t now) {
    size_t quota;
    bool purge;
    {
        scoped_lock lock(node.list_lock);
        if (node.next_reap == 0) node.next_reap = now + reap_jitter(cache);
        if (now < node.next_reap) return;
        node.next_reap = now + kReapInterval;
        quota = reap_quota(node.free_limit, cache_layout(cache, node.num_slabs).num);
        if (node.free_touched) quota = 0;
        purge = !node.free_touched && !node.pages_purged;
        node.free_touched = false;
        node.pages_purged = purge;
    }
    // Threads of the node send these home at their ticks; but there may be none left, or all asleep.
    for (unsigned to = 0; nr_nodes > 1 && to < nr_nodes; to++) drain_alien(cache, node, to, false);
    drain_shared(cache, node);
    if (quota > 0) node.reaped += drain_slabs_free(node, quota);
    if (!purge) return;
    node.patience = 0;
    node.regret_below = 0;
    purge_slab_pages(cache, node, pages_wanted::all);
}

}  // namespace kslab
