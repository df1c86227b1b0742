// What pools are backed by: caches, kmalloc, pages (include/kslab/mempool.h).
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/mempool.h"

namespace {

constexpr uintptr_t kMostOrder = 34;  // 64 TiB

}  // namespace

extern "C" {

KSLAB_EXPORT void* mempool_alloc_slab(gfp_t gfp_mask, void* pool_data) {
    return kmem_cache_alloc(static_cast<struct kmem_cache*>(pool_data), gfp_mask);
}

KSLAB_EXPORT void mempool_free_slab(void* element, void* pool_data) {
    kmem_cache_free(static_cast<struct kmem_cache*>(pool_data), element);
}

KSLAB_EXPORT void* mempool_kmalloc(gfp_t gfp_mask, void* pool_data) {
    return kmalloc(reinterpret_cast<size_t>(pool_data), gfp_mask);
}

KSLAB_EXPORT void mempool_kfree(void* element, void*) { kfree(element); }

KSLAB_EXPORT void* mempool_alloc_pages(gfp_t gfp_mask, void* pool_data) {
    uintptr_t order = reinterpret_cast<uintptr_t>(pool_data);
    if (order > kMostOrder) return nullptr;
    size_t bytes = kslab::kPageSize << order;
    // kmalloc aligns powers of two to a page, but for objects that are guarded by chance.
    if (!kslab::debug_sampling || (gfp_mask & __GFP_DMA) != 0) return kmalloc(bytes, gfp_mask);
    return kslab::kmalloc_slow(
        {.kind = kslab::call_kind::kmalloc, .size = bytes, .align = kslab::kPageSize, .gfp = gfp_mask});
}

KSLAB_EXPORT void mempool_free_pages(void* element, void*) { kfree(element); }

}  // extern "C"
