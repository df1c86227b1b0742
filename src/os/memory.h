// Address space and pages from the system. No function touches errno; failure is a null pointer or false.
// Sizes and addresses are multiples of kslab's page; where the system's page is larger, mapping and
// unmapping round up, and nothing is purged that is not whole system pages.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Readable, writable, private, zero. Never MAP_NORESERVE: what the system would refuse, it refuses here.
void* os_map(size_t bytes);

// The same with an inaccessible page before and behind it: allocator state that no heap overflow reaches.
void* os_map_guarded(size_t bytes);

// False when the system refuses, for example because the process has too many mappings.
bool os_unmap(void* start, size_t bytes);

// Gives the pages back at once (MADV_DONTNEED); they read as zero afterwards. False when they were not
// released, for example because they are locked: then they keep their content.
bool os_purge(void* start, size_t bytes);

// Moves pages to where `new_bytes` fit, and returns that place; what is beyond the old size reads as zero. Null:
// the system refuses, and nothing happened.
void* os_move(void* from, size_t old_bytes, size_t new_bytes);

// The system's page size, at least kPageSize. Valid from the first call.
size_t os_page_size();

}  // namespace kslab
