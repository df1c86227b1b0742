// What slabinfo says of one cache: the columns of /proc/slabinfo, with the names of the kernel's fields.
//
// As in the kernel, objects in threads' arrays and in shared arrays count as active: active_objs + free in slabs ==
// num_objs. Slabs of kslab grow with the cache, so objperslab and pagesperslab are those of the largest.
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

struct cache_report {
    char name[kCacheNameBytes];
    size_t active_objs, num_objs;
    size_t objsize;  // the stride
    size_t objperslab, pagesperslab;
    unsigned limit, batchcount, shared;  // tunables; shared is the factor
    size_t active_slabs, num_slabs, sharedavail;
    // The kernel's globalstat and cpustat.
    size_t allocs, high, grown, reaped, errors, max_freeable, node_allocs, node_frees, node_overflow;
    size_t alloc_hit, alloc_miss, free_hit, free_miss;  // exact with KSLAB_STATS=1, else 0
    size_t pages;  // of all slabs, whatever their sizes
    // The lists of slabs do not agree with what the slabs say of themselves.
    bool errors_found;
    const char* error;  // in the kernel's words; null: none

    // A child cache's figures, which the row of its root includes.
    void add(const cache_report& child);
};

// Walks the lists of slabs with the list_lock held, and allocates nothing. The figures of one node are of one moment.
void cache_report_read(kmem_cache* cache, cache_report& into);

}  // namespace kslab
