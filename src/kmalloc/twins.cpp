#include "kmalloc/twins.h"

#include <new>

#include "base/bits.h"
#include "base/format.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

using twin_table = std::atomic<kmem_cache*>[kMaxClasses];
twin_table low_caches;
twin_table natural_caches;

void drop(kmem_cache* cache) {
    cache_release_records(cache);
    thread_release_index(cache);
    metadata_free(cache, sizeof(kmem_cache));
}

kmem_cache* make(const kmem_cache* of, const char* prefix, unsigned long flags) {
    char name[kCacheNameBytes];
    text out(name, kCacheNameBytes - 1);
    out.put(prefix).put(of->name);
    name[out.length()] = '\0';
    void* memory = metadata_allocate(sizeof(kmem_cache));
    if (memory == nullptr) return nullptr;
    auto* cache = new (memory) kmem_cache{};
    cache_request request{.name = name, .size = of->object_size, .flags = (of->flags & kCacheWholePages) | kCacheGeneral | kCacheNatural | flags};
    request.debug = cache_debug_flags(active_switches, request);
    if (!thread_assign_index(cache)) return metadata_free(memory, sizeof(kmem_cache)), nullptr;
    if (!cache_setup(cache, request)) return drop(cache), nullptr;
    return cache;
}

kmem_cache* twin(twin_table& table, size_t size, const char* prefix, unsigned long flags) {
    unsigned index = size <= kSmallestClass ? 0 : static_cast<unsigned>(class_for(size) - kmalloc_caches.caches);
    kmem_cache* cache = table[index].load(std::memory_order_acquire);
    if (KSLAB_LIKELY(cache != nullptr)) return cache;
    kmem_cache* made = make(&kmalloc_caches.caches[index], prefix, flags);
    if (made == nullptr) return nullptr;
    // On the chain first: a fork takes the locks of what is there.
    cache_chain_add(made);
    if (table[index].compare_exchange_strong(cache, made, std::memory_order_acq_rel)) return made;
    cache_chain_remove(made);
    drop(made);
    return cache;
}

bool has_natural_twin(size_t size) {
    return debug_flags != 0 && is_power_of_two(size) && size > kMallocMinimum && class_for(size)->debug != 0;
}

}  // namespace

kmem_cache* kmalloc_cache_for(size_t size, gfp_t gfp) {
    if (size > kmalloc_caches.largest) return nullptr;
    if ((gfp & __GFP_DMA) != 0) return twin(low_caches, size, "dma-", SLAB_CACHE_DMA);
    if (size <= kSmallestClass) return &kmalloc_caches.caches[0];
    return has_natural_twin(size) ? twin(natural_caches, size, "", 0) : class_for(size);
}

void* kmalloc_low(const call& how) {
    if (how.size > kmalloc_caches.largest) {
        call asked = how;
        asked.low = true;
        return kmalloc_natural(asked);
    }
    kmem_cache* cache = kmalloc_cache_for(how.size, how.gfp);
    return cache == nullptr ? nullptr : cache_alloc_zeroing(cache, how);
}

void* kmalloc_natural(const call& how) {
    if (how.size > kmalloc_caches.largest) {
        call asked = how;
        if (debug_flags != 0 && is_power_of_two(how.size)) asked.align = kPageSize;
        return kmalloc_slow(asked);
    }
    if (!has_natural_twin(how.size)) return kmalloc_slow(how);
    kmem_cache* cache = kmalloc_cache_for(how.size, how.gfp);
    return cache == nullptr ? nullptr : cache_alloc_zeroing(cache, how);
}

}  // namespace kslab
