// A cache of objects of one size, and its node: the slabs and what threads share.
//
// An object is in exactly one place: free in its slab, in one thread's array, in the shared array, or with
// the user. Every slab of a node is on exactly one of slabs_partial, slabs_full, slabs_free, chosen by inuse.
// Over a node's slabs the free objects sum up to free_objects.
#pragma once
#include "base/mutex.h"
#include "base/relaxed.h"
#include "config/debug_switches.h"
#include "check/place.h"
#include "slab/slab.h"

namespace kslab {

// Objects on their way from thread to thread: filled by flush, emptied by refill, a copy each.
struct shared_array {
    mutex lock{lock_rank::shared};
    relaxed<uint32_t> avail;
    uint32_t limit = 0;
    void** entry = nullptr;  // made at the first flush
};

struct cache_node {
    mutex list_lock{lock_rank::list_lock};
    list_head slabs_partial{};
    list_head slabs_full{};
    list_head slabs_free{};
    relaxed<size_t> free_objects;
    size_t free_limit = 0;
    relaxed<size_t> num_slabs;
    relaxed<size_t> num_objects;
    relaxed<size_t> num_pages;
    uint32_t colour_next = 0;
    bool free_touched = false;   // slabs_free was used since the last reap
    bool pages_purged = false;   // whole free pages were given back since the last refill
    relaxed<size_t> net_returned;  // objects that came back, less those taken, since whole free pages were looked for
    relaxed<uint32_t> flushes;   // since the last refill by any thread
    uint64_t next_reap = 0;
    size_t grown = 0;
    size_t reaped = 0;
    alignas(kCacheLine) shared_array shared;
};

enum cache_flags : unsigned {
    kCacheHardwareAlign = 0x2000,  // SLAB_HWCACHE_ALIGN
    kCachePanic = 0x40000,         // SLAB_PANIC
    kCacheGeneral = 0x1,           // internal: a size class of kmalloc
};

inline constexpr size_t kCacheNameBytes = 32;

struct kmem_cache {
    uint32_t size;         // stride; with debugging that of the places (check/place.h)
    uint32_t object_size;  // what was asked for
    uint32_t align;
    uint32_t reciprocal;
    uint16_t slot;   // page-map value: offset of the array in thread_cache, 0 for users' caches
    uint16_t index;  // into the thread's vector, for caches without a slot
    // Tunables, as in slabinfo. Arrays grow up to the limit.
    relaxed<uint16_t> limit;
    relaxed<uint16_t> batchcount;
    relaxed<uint16_t> shared_factor;
    uint16_t shared_limit;
    unsigned flags;
    uint32_t debug;  // debug_flag; fixed. Objects of such a cache are never in arrays
    uint32_t left;   // bytes of a place before its object: the redzone; 0 without debugging
    void (*ctor)(void*);
    list_head chain;
    uint32_t pins;  // visitors of for_each_cache; cache_chain_lock
    char name[kCacheNameBytes];
    size_t in_arrays;  // a sum of kmalloc/stats.cpp
    cache_node node;
};

// Every cache, the general ones first. Guarded by cache_chain_lock.
extern list_head cache_chain;
extern mutex cache_chain_lock;

struct cache_config {
    slab_geometry geometry = slab_geometry::kslab;
    unsigned cpus = 1;
};
extern cache_config cache_settings;

// Once, before the first cache.
void cache_boot(const cache_config& config);

struct cache_request {
    const char* name;
    size_t size;
    size_t align;  // 0: what the size allows
    unsigned flags;
    void (*ctor)(void*);
    uint16_t slot;
    uint16_t index;
    uint32_t debug = 0;
};

// The flags that KSLAB_DEBUG gives to a cache about to be made, O applied.
uint32_t cache_debug_flags(const debug_switches& switches, const cache_request& request);

// Pins and returns the cache behind `cache`, or the first; unpins `cache`.
kmem_cache* cache_chain_next(kmem_cache* cache);

// Fills in a cache and puts it on the chain. The caller has checked the request.
void cache_setup(kmem_cache* cache, const cache_request& request);

void cache_chain_add(kmem_cache* cache);
// Waits until nobody visits the cache, and takes it off the chain.
void cache_chain_remove(kmem_cache* cache);

// Visits all caches. No lock is held meanwhile: the cache that is visited is pinned instead.
template <typename F>
void for_each_cache(F visit) {
    kmem_cache* cache = nullptr;
    while ((cache = cache_chain_next(cache)) != nullptr) visit(cache);
}

// The place of the object with that index in a slab of a cache under debugging.
place place_in_slab(slab* s, uint32_t index);

// The layout of the next slab of `cache`.
slab_layout cache_layout(const kmem_cache* cache, size_t slabs_so_far);

}  // namespace kslab
