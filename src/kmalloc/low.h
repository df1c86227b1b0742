// Memory below 2 GiB: the kernel's dma-kmalloc caches, one for each size class, made when first asked for, and runs.
#pragma once
#include "kmalloc/kmalloc.h"

namespace kslab {

// Serves a request with __GFP_DMA; null when there is no such memory.
void* kmalloc_low(const call& how);

// The dma-kmalloc cache for `size`, null when none serves it, or memory is short.
kmem_cache* low_class_for(size_t size);

}  // namespace kslab
