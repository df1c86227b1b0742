// Second caches of size classes, for those requests of kmalloc that malloc does not make. Made when first asked for.
//
//   low      memory below 2 GiB: the kernel's dma-kmalloc caches
//   natural  under debugging: malloc needs an alignment of 16, and redzones of 16 bytes leave no more; kmalloc promises
//            that powers of two are aligned to themselves. In the name of their class.
#pragma once
#include "kmalloc/kmalloc.h"

namespace kslab {

// Serves a request with __GFP_DMA; null when there is no such memory.
void* kmalloc_low(const call& how);

// With debugging on: serves a request for a power of two.
void* kmalloc_natural(const call& how);

// The cache that kmalloc takes such an object from; null when it takes pages, or memory is short.
kmem_cache* kmalloc_cache_for(size_t size, gfp_t gfp);

}  // namespace kslab
