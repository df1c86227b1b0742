// Giving memory back: the kernel's reaping of a node, and whole free pages inside slabs.
#include "cache/node.h"
#include "os/memory.h"

namespace kslab {

namespace {

// REAPTIMEOUT_LIST3 of the kernel: four seconds between two looks at a node.
constexpr uint64_t kReapInterval = 4000;

// One call to the system for each sequence of pages.
size_t purge_mask(const slab* s, uint32_t mask) {
    uintptr_t first = align_down(reinterpret_cast<uintptr_t>(s->s_mem), kPageSize);
    size_t released = 0;
    for (unsigned page = 0; page < kMaxSlabPages;) {
        if ((mask >> page & 1) == 0) {
            page++;
            continue;
        }
        unsigned end = page;
        while (end < kMaxSlabPages && (mask >> end & 1) != 0) end++;
        size_t bytes = (end - page) * kPageSize;
        if (os_purge(reinterpret_cast<void*>(first + page * kPageSize), bytes)) released += end - page;
        page = end;
    }
    return released;
}

// The next partial slab with whole free pages, of at most `left` that are looked at. Its free pages are held:
// their objects are taken out of the slab as if they were allocated. What was looked at goes to the tail.
slab* hold_next(kmem_cache* cache, uint32_t& mask, size_t& left) {
    cache_node& node = cache->node;
    scoped_lock lock(node.list_lock);
    for (; left > 0 && !node.slabs_partial.empty(); left--) {
        slab* s = KSLAB_CONTAINER_OF(node.slabs_partial.next, slab, list);
        list_head::del(&s->list);
        mask = slab_free_pages(s, cache->size);
        if (mask != 0) {
            node.free_objects -= slab_hold_pages(s, mask, cache->size, true);
            s->purged |= mask;
        }
        bool full = s->inuse == s->num;
        s->where = full ? slab_list::full : slab_list::partial;
        (full ? node.slabs_full : node.slabs_partial).add_tail(&s->list);
        if (mask != 0) return s;
    }
    return nullptr;
}

void release_held(kmem_cache* cache, slab* s, uint32_t mask) {
    cache_node& node = cache->node;
    scoped_lock lock(node.list_lock);
    node.free_objects += slab_hold_pages(s, mask, cache->size, false);
    list_head::del(&s->list);
    s->where = s->inuse == 0 ? slab_list::free : slab_list::partial;
    (s->inuse == 0 ? node.slabs_free : node.slabs_partial).add_tail(&s->list);
}

}  // namespace

size_t drain_slabs_free(kmem_cache* cache, size_t count) {
    cache_node& node = cache->node;
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
        node.reaped += unlinked;
    }
    slabs_destroy(destroyed);
    return unlinked;
}

size_t purge_slab_pages(kmem_cache* cache) {
    // Constructed objects keep their state while they are free, poison is checked, and readers may look at freed
    // objects of type-stable memory: zeroes would be another type.
    if (cache->ctor != nullptr || cache->debug != 0 || (cache->flags & kCacheDestroyByRcu) != 0) return 0;
    size_t released = 0;
    uint32_t mask = 0;
    size_t left = cache->node.num_slabs;
    while (slab* s = hold_next(cache, mask, left)) {
        released += purge_mask(s, mask);
        release_held(cache, s, mask);
    }
    return released;
}

bool cache_shrink_node(kmem_cache* cache) {
    drain_shared(cache);
    drain_slabs_free(cache, ~size_t{0});
    scoped_lock lock(cache->node.list_lock);
    return cache->node.slabs_full.empty() && cache->node.slabs_partial.empty();
}

void reap_node(kmem_cache* cache, uint64_t now) {
    cache_node& node = cache->node;
    size_t quota;
    bool purge;
    {
        scoped_lock lock(node.list_lock);
        if (now < node.next_reap) return;
        node.next_reap = now + kReapInterval;
        quota = reap_quota(node.free_limit, cache_layout(cache, node.num_slabs).num);
        if (node.free_touched) quota = 0;
        purge = !node.free_touched && !node.pages_purged;
        node.free_touched = false;
        node.pages_purged = purge;
    }
    drain_shared(cache);
    if (quota > 0) drain_slabs_free(cache, quota);
    if (purge) purge_slab_pages(cache);
}

}  // namespace kslab
