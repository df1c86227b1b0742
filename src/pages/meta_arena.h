// Memory for kslab's own records: slab and run descriptors, leaves, arrays. The first 64 KiB are among the library's variables,
// what follows comes from mappings with an inaccessible page on both sides: no overflow of user memory reaches it. It is never
// returned to the system; freed records are reused by size. Lock: its own, the last in rank.
#pragma once
#include "base/attributes.h"
#include "base/mutex.h"

namespace kslab {

// Aligned to 64 bytes, content undefined; null when the system refuses memory.
void* metadata_allocate(size_t bytes);

// `bytes` as at the allocation.
void metadata_free(void* record, size_t bytes);

// Bytes in use for metadata so far, without the page map's sections.
size_t metadata_mapped();

struct address_range {
    uintptr_t start, end;
};
// Where the first records lie.
address_range metadata_in_library();
// Whether the address lies in a mapping made for others. Slow: looks at each.
bool metadata_mapping(uintptr_t address);

extern mutex metadata_lock;

}  // namespace kslab
