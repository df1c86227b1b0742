// Memory for kslab's own records: slab and run descriptors, leaves, arrays. It comes from mappings with an
// inaccessible page on both sides, so that no overflow of user memory reaches it, and is never returned to
// the system; freed records are reused by size. Lock: its own, the last in rank.
#pragma once
#include "base/attributes.h"
#include "base/mutex.h"

namespace kslab {

// Aligned to 64 bytes, content undefined; null when the system refuses memory.
void* metadata_allocate(size_t bytes);

// `bytes` as at the allocation.
void metadata_free(void* record, size_t bytes);

// Bytes mapped for metadata so far, without the page map's sections.
size_t metadata_mapped();

// Whether the address lies in one of those mappings. Slow: looks at each.
bool metadata_owns(uintptr_t address);

extern mutex metadata_lock;

}  // namespace kslab
