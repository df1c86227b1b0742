// Giving memory back: the kernel's reaping of a node, and whole free pages inside slabs.
#include "base/bits.h"
#include "base/host.h"
#include "cache/node.h"
#include "config/size_classes.h"
#include "os/memory.h"
#include "pages/page_allocator.h"
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
        void* start = reinterpret_cast<void*>(first_page(s) + first * kPageSize);
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
        if (wanted == pages_wanted::many_in_fours) mask = in_fours(mask);
        bool worth = worth_a_call(s, mask, wanted);
        if (worth) {
            node.free_objects -= slab_hold_pages(s, mask, cache->size, true);
            s->purged |= mask;
        }
        slab_place_locked(node, s, list_end::tail);
        if (worth) return s;
    }
    return nullptr;
}

void release_held(kmem_cache* cache, cache_node& node, slab* s, uint32_t mask) {
    scoped_lock lock(node.list_lock);
    node.free_objects += slab_hold_pages(s, mask, cache->size, false);
    slab_place_locked(node, s, list_end::tail);
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
            slab_unlink_locked(node, s);
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

namespace {

// Looking for whole free pages inside slabs pays when a cache's slabs have this much free, and a quarter of what
// they hold, and many objects, or a sixteenth of all, came in since the last look: some 15 ns for each
// object freed, however large the heap.
constexpr size_t kWorthPurging = size_t{2} << 20;
constexpr size_t kPurgeStep = 1500;

size_t step_of(const cache_node& node) {
    size_t sixteenth = node.num_objects / 16;
    return sixteenth > kPurgeStep ? sixteenth : kPurgeStep;
}

bool worth_a_look(const cache_node& node, size_t size) {
    size_t free = node.free_objects;
    return node.net_returned >= step_of(node) << node.patience && free * size >= kWorthPurging && free >= node.num_objects / 4;
}

void look(kmem_cache* cache, cache_node& node, pages_wanted wanted) {
    node.net_returned = 0;
    node.pages_went = static_cast<uint32_t>(purge_slab_pages(cache, node, wanted));
    node.pages_back = 0;
}

// Of all size classes, which are never destroyed, and of one cache.
struct slab_sums {
    size_t free = 0;
    size_t all = 0;
    kmem_cache* worth_it[kMaxClasses];
    unsigned count = 0;

    void add(kmem_cache* cache) {
        bool worth = false;
        for_each_node(cache, [&](cache_node& node) {
            free += node.free_objects * cache->size;
            all += node.num_pages * kPageSize;
            worth |= worth_a_look(node, cache->size);
        });
        if (worth && count < kMaxClasses) worth_it[count++] = cache;
    }
    // Half of all, and at least as much as may wait in runs.
    bool much_is_free() const { return free >= kMayWait && free >= all / 2; }
    // In a process of several threads each call to the system interrupts the others. Of small objects more may soon be free on the
    // pages beside, so that a call for few pages is too much as long as others live.
    pages_wanted wanted(const kmem_cache* cache) const {
        bool few_at_a_time = cache->size >= kPageSize / 4 || free >= all - all / 4 || host_single_threaded();
        return few_at_a_time ? pages_wanted::many : pages_wanted::many_in_fours;
    }
};

// False when others are at the list of caches: the caller may hold a lock of higher rank, that of the threads when it drains
// their arrays of a cache, and cannot wait.
bool add_classes(slab_sums& to) {
    if (!cache_chain_lock.try_lock()) return false;
    scoped_lock lock(cache_chain_lock, scoped_lock::taken{});
    for (list_head* at = cache_chain.next; at != &cache_chain; at = at->next) {
        kmem_cache* cache = KSLAB_CONTAINER_OF(at, kmem_cache, chain);
        if ((cache->flags & kCacheGeneral) == 0) break;  // they come first
        to.add(cache);
    }
    return true;
}

// A program whose objects move from one size to another has a third of all free now and then, and most of these pages come free
// with their slabs soon: they may wait. When much is free, all caches that were refused before give.
void look_when_much_is_free(kmem_cache* cache) {
    slab_sums sums;
    if ((cache->flags & kCacheGeneral) == 0) sums.add(cache);
    if (!add_classes(sums) || !sums.much_is_free()) return;
    for (unsigned i = 0; i < sums.count; i++) {
        kmem_cache* of = sums.worth_it[i];
        pages_wanted wanted = sums.wanted(of);
        for_each_node(of, [=](cache_node& each) {
            if (worth_a_look(each, of->size)) look(of, each, wanted);
        });
    }
}

}  // namespace

void purge_if_much_is_free(kmem_cache* cache, cache_node& node, unsigned count) {
    node.net_returned += count;
    node.since_asked += count;
    if (KSLAB_LIKELY(node.since_asked < step_of(node)) || !worth_a_look(node, cache->size)) return;
    node.since_asked = 0;
    look_when_much_is_free(cache);
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
    node.pages_went = 0;
    purge_slab_pages(cache, node, pages_wanted::all);
}

}  // namespace kslab
