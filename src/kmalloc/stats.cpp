#include "kmalloc/stats.h"

#include "cache/deferred.h"
#include "cache/node.h"
#include "pages/page_allocator.h"

namespace kslab {

mutex stats_lock{lock_rank::stats};

namespace {

// The row of a size class includes its children of groups. The size classes come first in the chain.
void add_child(heap_stats& stats, const kmem_cache* root, const class_stats& s) {
    if (root < kmalloc_caches.caches || root >= kmalloc_caches.caches + stats.caches) return;
    class_stats& to = stats.cache[root - kmalloc_caches.caches];
    to.active += s.active;
    to.in_arrays += s.in_arrays;
    to.free += s.free;
    to.slabs += s.slabs;
    to.pages += s.pages;
}

void count_arrays() {
    for_each_cache([](kmem_cache* cache) { cache->in_arrays = 0; });
    for_each_array([](kmem_cache* of, const array_cache* ac, void*) { of->in_arrays += array_avail(ac); }, nullptr);
}

class_stats read_cache(kmem_cache* cache) {
    class_stats s{};
    s.name = cache->name;
    s.object_size = cache->object_size;
    s.in_arrays = cache->in_arrays;
    size_t out = 0;
    for_each_node(cache, [&](cache_node& node) {
        scoped_lock lock(node.list_lock);
        s.in_arrays += node.shared.avail + waiting_aliens(node);
        s.free += node.free_objects;
        s.slabs += node.num_slabs;
        s.pages += node.num_pages;
        out += node.num_objects - node.free_objects;
    });
    s.active = out > s.in_arrays ? out - s.in_arrays : 0;
    return s;
}

}  // namespace

void heap_stats_read(heap_stats& stats) {
    stats = heap_stats{};
    size_t slabs = 0;
    scoped_lock lock(stats_lock);
    count_arrays();
    for_each_cache([&](kmem_cache* cache) {
        class_stats s = read_cache(cache);
        stats.small_used += s.active * s.object_size;
        stats.small_arrays += s.in_arrays * s.object_size;
        stats.small_free += s.free * s.object_size;
        stats.array_objects += s.in_arrays;
        stats.free_objects += s.free;
        stats.slab_pages += s.pages;
        slabs += s.slabs;
        if (cache->root != nullptr)
            add_child(stats, cache->root, s);
        else if (stats.caches < kmalloc_caches.classes.count)
            stats.cache[stats.caches++] = s;
    });
    // Slabs that wait for readers are nobody's objects, and no large allocations.
    stats.slab_pages += deferred_pages;
    slabs += deferred_slabs;
    page_stats p = page_stats_of_all();
    stats.large_pages = p.used > stats.slab_pages ? p.used - stats.slab_pages : 0;
    stats.large_count = p.used_runs > slabs ? p.used_runs - slabs : 0;
    stats.dirty_pages = p.dirty;
    stats.mapped_pages = p.mapped;
    stats.largest_mapped_use = p.largest_used;
}

}  // namespace kslab
