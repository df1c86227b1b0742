#include "cache/report.h"

#include "pages/run.h"

namespace kslab {

namespace {

// The kernel's sentence for a slab that is on a list where it does not belong; null when it does.
const char* misplaced(const slab* s, slab_list list) {
    bool full = s->inuse == s->num;
    if (list == slab_list::full) return full ? nullptr : "slabs_full accounting error";
    if (list == slab_list::free) return s->inuse == 0 ? nullptr : "slabs_free/inuse accounting error";
    if (full) return "slabs_partial inuse accounting error";
    return s->inuse != 0 ? nullptr : "slabs_partial/inuse accounting error";
}

void note_error(cache_report& into, const char* error) {
    if (error == nullptr || into.errors_found) return;
    into.errors_found = true;
    into.error = error;
}

void count_slabs(list_head& slabs, slab_list list, cache_report& into) {
    for (list_head* at = slabs.next; at != &slabs; at = at->next) {
        const slab* s = KSLAB_CONTAINER_OF(at, slab, list);
        into.num_slabs++;
        into.num_objs += s->num;
        into.active_objs += s->inuse;
        into.pages += s->pages->pages;
        if (list != slab_list::free) into.active_slabs++;
        note_error(into, misplaced(s, list));
    }
}

void read_node(cache_node& node, cache_report& into) {
    scoped_lock lock(node.list_lock);
    size_t free_before = into.num_objs - into.active_objs;
    count_slabs(node.slabs_full, slab_list::full, into);
    count_slabs(node.slabs_partial, slab_list::partial, into);
    count_slabs(node.slabs_free, slab_list::free, into);
    if (into.num_objs - into.active_objs - free_before != node.free_objects)
        note_error(into, "free_objects accounting error");
    into.grown += node.grown;
    into.reaped += node.reaped;
    into.allocs += node.allocs;
    into.max_freeable += node.max_freeable;
    into.node_allocs += node.node_allocs.load(std::memory_order_relaxed);
    into.node_frees += node.node_frees.load(std::memory_order_relaxed);
    into.node_overflow += node.node_overflow.load(std::memory_order_relaxed);
    into.sharedavail += node.shared.avail;
}

size_t value(const std::atomic<size_t>& counter) { return counter.load(std::memory_order_relaxed); }

}  // namespace

void cache_report::add(const cache_report& child) {
    using figure = size_t cache_report::*;
    using r = cache_report;
    for (figure f : {&r::active_objs, &r::num_objs, &r::active_slabs, &r::num_slabs, &r::sharedavail, &r::allocs,
                     &r::high, &r::grown, &r::reaped, &r::errors, &r::max_freeable, &r::node_allocs, &r::node_frees,
                     &r::node_overflow, &r::alloc_hit, &r::alloc_miss, &r::free_hit, &r::free_miss, &r::pages})
        this->*f += child.*f;
    note_error(*this, child.error);
}

void cache_report_read(kmem_cache* cache, cache_report& into) {
    into = cache_report{};
    __builtin_memcpy(into.name, cache->name, kCacheNameBytes);
    slab_layout largest = cache_layout(cache, 2);
    into.objsize = cache->size;
    into.objperslab = largest.num;
    into.pagesperslab = largest.pages;
    into.limit = cache->limit;
    into.batchcount = cache->batchcount;
    into.shared = cache->shared_factor;
    into.high = cache->high;
    into.alloc_hit = value(cache->counts.alloc_hit);
    into.alloc_miss = value(cache->counts.alloc_miss);
    into.free_hit = value(cache->counts.free_hit);
    into.free_miss = value(cache->counts.free_miss);
    for_each_node(cache, [&into](cache_node& node) { read_node(node, into); });
    if (into.errors_found) cache->errors += 1;
    into.errors = cache->errors;
}

}  // namespace kslab
