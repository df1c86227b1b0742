#include "kmalloc/low.h"

#include <new>

#include "base/format.h"
#include "kmalloc/large.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

std::atomic<kmem_cache*> low_caches[kMaxClasses];

void drop(kmem_cache* cache) {
    cache_release_records(cache);
    if (cache->debug == 0) thread_release_index(cache);
    metadata_free(cache, sizeof(kmem_cache));
}

kmem_cache* make(unsigned index) {
    char name[kCacheNameBytes];
    text out(name, kCacheNameBytes - 1);
    out.put("dma-kmalloc-").dec(kmalloc_caches.classes.size[index]);
    name[out.length()] = '\0';
    void* memory = metadata_allocate(sizeof(kmem_cache));
    if (memory == nullptr) return nullptr;
    auto* cache = new (memory) kmem_cache{};
    cache_request request{
        .name = name, .size = kmalloc_caches.classes.size[index], .flags = kCacheGeneral | SLAB_CACHE_DMA};
    request.debug = cache_debug_flags(active_switches, request);
    if (request.debug == 0 && !thread_assign_index(cache)) return metadata_free(memory, sizeof(kmem_cache)), nullptr;
    if (!cache_setup(cache, request)) return drop(cache), nullptr;
    return cache;
}

}  // namespace

kmem_cache* low_class_for(size_t size) {
    if (size > kmalloc_caches.largest) return nullptr;
    auto index = size <= kSmallestClass ? 0 : static_cast<unsigned>(class_for(size) - kmalloc_caches.caches);
    kmem_cache* cache = low_caches[index].load(std::memory_order_acquire);
    if (cache != nullptr) return cache;
    kmem_cache* made = make(index);
    if (made == nullptr) return nullptr;
    if (!low_caches[index].compare_exchange_strong(cache, made, std::memory_order_acq_rel)) return drop(made), cache;
    cache_chain_add(made);
    return made;
}

void* kmalloc_low(const call& how) {
    if (how.size > kmalloc_caches.largest) return kmalloc_slow(how);
    kmem_cache* cache = low_class_for(how.size);
    if (cache == nullptr) return nullptr;
    void* object = cache_alloc(cache, how);
    if (object != nullptr && how.zero) __builtin_memset(object, 0, how.size);
    return object;
}

}  // namespace kslab
