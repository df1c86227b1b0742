#include "cache/kmem_cache.h"

#include <new>

#include "base/format.h"
#include "cache/group.h"
#include "cache/node.h"
#include "check/slab_records.h"
#include "config/size_classes.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit list_head cache_chain{};
constinit mutex cache_chain_lock{lock_rank::cache_chain};
constinit cache_config cache_settings{};
constinit unsigned nr_nodes = 1;
constinit bool nodes_are_real = false;

namespace {

// The largest power of two that divides the size, at most a page: slabs begin at pages.
size_t natural_align(size_t size) {
    size_t align = size & (0 - size);
    return align < kPageSize ? align : kPageSize;
}

bool kernel_mode() { return cache_settings.geometry == slab_geometry::kernel; }

constexpr unsigned long kLineFlags = SLAB_HWCACHE_ALIGN | SLAB_MUST_HWCACHE_ALIGN;

kernel_geometry kernel_geometry_of(const kmem_cache* cache) {
    bool hardware = (cache->flags & (kCacheGeneral | kLineFlags)) != 0;
    unsigned flags = hardware ? kHardwareAlign : 0;
    if ((cache->flags & SLAB_RECLAIM_ACCOUNT) != 0) flags |= kReclaimAccount;
    return calculate_kernel_geometry(cache->object_size, cache->align, flags);
}

// A redzone before and behind each object; what malloc serves need not be aligned by nature.
object_spacing space_debugged(const cache_request& request, uint32_t debug, size_t align) {
    if ((request.flags & (kCacheGeneral | kCacheNatural)) == kCacheGeneral)
        align = request.size < kMallocMinimum ? request.size : kMallocMinimum;
    bool redzone = (debug & kDebugRedzone) != 0;
    size_t left = redzone ? align_up(kRedzoneBytes, align) : 0;
    size_t size = align_up(left + request.size + (redzone ? kRedzoneBytes : 0), align);
    return {static_cast<uint32_t>(size), static_cast<uint32_t>(align), static_cast<uint32_t>(left)};
}

}  // namespace

object_spacing space_objects(const cache_request& request, uint32_t debug) {
    size_t align = request.align;
    if (kernel_mode() || (request.flags & kLineFlags) != 0) {
        unsigned long flags = request.flags & (kernel_mode() ? kLineFlags | kCacheGeneral : kLineFlags);
        align = calculate_kernel_geometry(request.size, align, flags != 0 ? kHardwareAlign : 0).align;
    }
    if (align < sizeof(void*)) align = sizeof(void*);
    size_t size = align_up(request.size, align);
    if (request.align == 0 && natural_align(size) > align) align = natural_align(size);
    if (debug != 0) return space_debugged(request, debug, align);
    return {static_cast<uint32_t>(size), static_cast<uint32_t>(align), 0};
}

void copy_cache_name(char* to, const char* from) {
    size_t i = 0;
    for (; i < kCacheNameBytes - 1 && from[i] != '\0'; i++) to[i] = from[i];
    to[i] = '\0';
}

void cache_boot(const cache_config& config) {
    cache_settings = config;
    cache_chain.init();
}

slab_layout cache_layout(const kmem_cache* cache, size_t slabs_so_far) {
    if (cache->debug == 0 && kernel_mode()) return to_layout(kernel_geometry_of(cache));
    // The smallest order for what a shrinker gives back object by object, and for what is whole pages.
    if ((cache->flags & (SLAB_RECLAIM_ACCOUNT | kCacheWholePages)) != 0) return make_smallest_layout(cache->size, cache->align);
    if (cache->debug != 0) return make_layout(cache->size, cache->align, floor_pages_for(0));
    return make_layout(cache->size, cache->align, floor_pages_for(slabs_so_far));
}

namespace {

// KSLAB_NODES, or the machine, may have several.
bool make_nodes(kmem_cache* cache) {
    if (nr_nodes > 1) {
        cache->more = static_cast<cache_node*>(metadata_allocate((nr_nodes - 1) * sizeof(cache_node)));
        if (cache->more == nullptr) return false;
    }
    for (unsigned n = 1; n < nr_nodes; n++) new (&cache->more[n - 1]) cache_node{};
    for (unsigned n = 0; n < nr_nodes; n++) {
        cache_node& node = cache->at(n);
        node.id = static_cast<uint8_t>(n);
        node.slabs_partial.init();
        node.slabs_full.init();
        node.slabs_free.init();
    }
    return true;
}

uint8_t slow_reasons(const cache_request& request) {
    unsigned reasons = cache_settings.stats ? kSlowStats : 0;
    if ((request.flags & SLAB_DEBUG_INITIAL) != 0) reasons |= kSlowVerify;
    // General caches as well: what a group's kmalloc_caches give out may come back by their root.
    if ((request.flags & (SLAB_ACCOUNT | kCacheGeneral)) != 0) reasons |= kSlowAccount;
    return static_cast<uint8_t>(reasons);
}

}  // namespace

unsigned most_in_array(size_t size, unsigned long flags) {
    if ((flags & kCacheWholePages) != 0) return kWholePagesLimit;
    return (flags & kCacheGeneral) != 0 && !kernel_mode() ? class_array_limit(size) : array_limit(size);
}

bool cache_setup(kmem_cache* cache, const cache_request& request) {
    cache->object_size = static_cast<uint32_t>(request.size);
    cache->debug = request.debug;
    cache->flags = request.flags;
    cache->slow = slow_reasons(request);
    object_spacing plain = space_objects(request, 0);
    object_spacing spacing = request.debug == 0 ? plain : space_objects(request, request.debug);
    cache->plain_size = plain.size;
    cache->plain_align = plain.align;
    cache->size = spacing.size;
    cache->align = spacing.align;
    cache->left = spacing.left;
    cache->slot = request.slot;
    cache->ctor = request.ctor;
    cache->ctor_2_6 = request.ctor_2_6;
    cache->dtor = request.dtor;
    cache->refcount = 1;
    copy_cache_name(cache->name, request.name);
    slab_layout largest = cache_layout(cache, 2);
    cache->reciprocal = reciprocal_of(cache->size, size_t{largest.pages} * kPageSize);
    if (!make_nodes(cache)) return false;
    unsigned limit = most_in_array(cache->size, cache->flags), batchcount = array_batchcount(limit);
    // The shared array stays of the kernel's size.
    unsigned shared = shared_factor(cache->size) * array_batchcount(array_limit(cache->size)) / batchcount;
    if (of_whole_pages(cache)) shared = kWholePagesShared;
    cache_first_tunables(cache, limit, batchcount, shared, largest.num);
    return true;
}

void construct_object(kmem_cache* cache, void* object, gfp_t gfp) {
    unsigned long flags = SLAB_CTOR_CONSTRUCTOR | ((gfp & __GFP_WAIT) != 0 ? 0 : SLAB_CTOR_ATOMIC);
    if (cache->ctor != nullptr) return cache->ctor(object);
    if (cache->ctor_2_6 != nullptr) cache->ctor_2_6(object, cache_of_user(cache), flags);
}

namespace {

void free_aliases(kmem_cache* cache) {
    while (cache_alias* alias = cache->alias) {
        cache->alias = alias->next;
        metadata_free(alias, sizeof(cache_alias));
    }
}

}  // namespace

void cache_release_records(kmem_cache* cache) {
    for_each_node(cache, [](cache_node& node) {
        shared_array& shared = node.shared;
        if (shared.entry != nullptr) metadata_free(shared.entry, entries_bytes(shared.limit));
        shared.entry = nullptr;
        release_alien_arrays(node);
    });
    if (cache->more != nullptr) metadata_free(cache->more, (nr_nodes - 1) * sizeof(cache_node));
    cache->more = nullptr;
    release_child_table(cache);
    free_aliases(cache);
}

uint32_t cache_debug_flags(const debug_switches& switches, const cache_request& request) {
    uint32_t flags = debug_flags_for(switches, request.name);
    // Readers may look at freed objects: those keep their content and their place, and are free at once.
    if ((request.flags & SLAB_DESTROY_BY_RCU) != 0) flags &= ~(kDebugPoison | kDebugGuard | kDebugQuarantine);
    if ((flags & kDebugKeepOrder) == 0) return flags;
    object_spacing plain = space_objects(request, 0);
    object_spacing debugged = space_objects(request, flags);
    size_t order = make_layout(plain.size, plain.align, 1).pages;
    return make_layout(debugged.size, debugged.align, 1).pages > order ? 0 : flags;
}

place place_in_slab(slab* s, uint32_t index) {
    const kmem_cache* cache = s->cache;
    return {static_cast<char*>(index_to_obj(s, index, cache->size)), cache->size, slab_record(s, index), cache->debug,
            cache, s, nullptr, false};
}

void cache_chain_add(kmem_cache* cache) {
    scoped_lock lock(cache_chain_lock);
    cache->pins = 0;
    cache->refcount = 1;
    cache_chain.add_tail(&cache->chain);
}

void cache_chain_remove(kmem_cache* cache) {
    for (;;) {
        {
            scoped_lock lock(cache_chain_lock);
            if (cache->pins == 0) return list_head::del(&cache->chain);
        }
        host_yield();
    }
}

kmem_cache* cache_chain_next(kmem_cache* cache) {
    scoped_lock lock(cache_chain_lock);
    list_head* next = cache == nullptr ? cache_chain.next : cache->chain.next;
    if (cache != nullptr) cache->pins--;
    if (next == &cache_chain) return nullptr;
    kmem_cache* found = KSLAB_CONTAINER_OF(next, kmem_cache, chain);
    found->pins++;
    return found;
}

}  // namespace kslab
