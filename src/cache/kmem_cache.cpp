#include "cache/kmem_cache.h"

#include "base/format.h"
#include "check/slab_records.h"
#include "config/size_classes.h"

namespace kslab {

constinit list_head cache_chain{};
constinit mutex cache_chain_lock{lock_rank::cache_chain};
constinit cache_config cache_settings{};

namespace {

// The largest power of two that divides the size, at most a page: slabs begin at pages.
size_t natural_align(size_t size) {
    size_t align = size & (0 - size);
    return align < kPageSize ? align : kPageSize;
}

bool kernel_mode() { return cache_settings.geometry == slab_geometry::kernel; }

kernel_geometry kernel_geometry_of(const kmem_cache* cache) {
    bool hardware = (cache->flags & (kCacheGeneral | kCacheHardwareAlign)) != 0;
    return calculate_kernel_geometry(cache->object_size, cache->align, hardware ? kHardwareAlign : 0);
}

// A redzone before and behind each object; what malloc serves need not be aligned by nature.
void set_debug_layout(kmem_cache* cache, const cache_request& request, size_t align) {
    if ((request.flags & kCacheGeneral) != 0) align = request.size < kMallocMinimum ? request.size : kMallocMinimum;
    bool redzone = (request.debug & kDebugRedzone) != 0;
    size_t left = redzone ? align_up(kRedzoneBytes, align) : 0;
    cache->left = static_cast<uint32_t>(left);
    cache->size = static_cast<uint32_t>(align_up(left + request.size + (redzone ? kRedzoneBytes : 0), align));
    cache->align = static_cast<uint32_t>(align);
}

void set_size_and_align(kmem_cache* cache, const cache_request& request) {
    size_t align = request.align;
    if (kernel_mode() || (request.flags & kCacheHardwareAlign) != 0) {
        unsigned flags = kernel_mode() && request.slot != 0 ? kHardwareAlign : request.flags & kCacheHardwareAlign;
        align = calculate_kernel_geometry(request.size, align, flags != 0 ? kHardwareAlign : 0).align;
    }
    if (align < sizeof(void*)) align = sizeof(void*);
    size_t size = align_up(request.size, align);
    if (request.align == 0 && natural_align(size) > align) align = natural_align(size);
    if (request.debug != 0) return set_debug_layout(cache, request, align);
    cache->size = static_cast<uint32_t>(size);
    cache->align = static_cast<uint32_t>(align);
}

void copy_name(char* to, const char* from) {
    size_t length = string_length(from);
    if (length >= kCacheNameBytes) length = kCacheNameBytes - 1;
    for (size_t i = 0; i < length; i++) to[i] = from[i];
    to[length] = '\0';
}

}  // namespace

void cache_boot(const cache_config& config) {
    cache_settings = config;
    cache_chain.init();
}

slab_layout cache_layout(const kmem_cache* cache, size_t slabs_so_far) {
    if (cache->debug != 0) return make_layout(cache->size, cache->align, floor_pages_for(0));
    if (kernel_mode()) return to_layout(kernel_geometry_of(cache));
    return make_layout(cache->size, cache->align, floor_pages_for(slabs_so_far));
}

void cache_setup(kmem_cache* cache, const cache_request& request) {
    cache->object_size = static_cast<uint32_t>(request.size);
    cache->debug = request.debug;
    cache->flags = request.flags | (request.slot != 0 ? unsigned{kCacheGeneral} : 0u);
    set_size_and_align(cache, request);
    cache->slot = request.slot;
    cache->index = request.index;
    cache->ctor = request.ctor;
    copy_name(cache->name, request.name);
    slab_layout largest = cache_layout(cache, 2);
    cache->reciprocal = reciprocal_of(cache->size, size_t{largest.pages} * kPageSize);
    unsigned limit = array_limit(cache->size);
    unsigned batchcount = array_batchcount(limit);
    cache->limit = static_cast<uint16_t>(limit);
    cache->batchcount = static_cast<uint16_t>(batchcount);
    cache->shared_factor = static_cast<uint16_t>(shared_factor(cache->size));
    cache->shared_limit = static_cast<uint16_t>(shared_factor(cache->size) * batchcount);
    cache_node& node = cache->node;
    node.slabs_partial.init();
    node.slabs_full.init();
    node.slabs_free.init();
    node.free_limit = node_free_limit(cache_settings.cpus, batchcount, largest.num);
    node.shared.limit = cache->shared_limit;
    cache_chain_add(cache);
}

uint32_t cache_debug_flags(const debug_switches& switches, const cache_request& request) {
    uint32_t flags = debug_flags_for(switches, request.name);
    if ((flags & kDebugKeepOrder) == 0) return flags;
    kmem_cache plain{};
    kmem_cache debugged{};
    cache_request asked = request;
    asked.debug = flags;
    set_size_and_align(&debugged, asked);
    asked.debug = 0;
    set_size_and_align(&plain, asked);
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
