// Memory for kslab's own records: slab and run descriptors, leaves, arrays. The first 64 KiB are among the library's variables, and
// so beside the program's own where it is linked with an archive; what follows comes from mappings with an inaccessible page on
// both sides. No overflow of an object reaches either. Nothing is returned to the system; freed records are reused by size.
// Lock: its own, the last in rank.
#pragma once
#include "base/address_range.h"
#include "base/mutex.h"

namespace kslab {

// Aligned to 64 bytes, content undefined; null when the system refuses memory.
void* metadata_allocate(size_t bytes);

// `bytes` as at the allocation.
void metadata_free(void* record, size_t bytes);

// Bytes taken for records so far, used or not, without the page map's sections.
size_t metadata_taken();

// Where the first records lie.
address_range metadata_in_library();
// Whether the address lies in a mapping of the records behind these. Slow: looks at each.
bool in_metadata_mapping(uintptr_t address);

extern mutex metadata_lock;

}  // namespace kslab
