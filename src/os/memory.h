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
// A part of what was mapped. False also when it is not whole system pages: what lies beside it stays.
bool os_unmap_part(void* start, size_t bytes);

// Gives the pages back at once (MADV_DONTNEED); they read as zero afterwards. False when they were not
// released, for example because they are locked: then they keep their content.
bool os_purge(void* start, size_t bytes);

// Makes whole pages resident in one call, which costs a fraction of touching each (MADV_POPULATE_WRITE, Linux 5.14). They
// read as before. Only a hint: what cannot be had now is touched later, or never.
void os_populate(void* start, size_t bytes);
// The same for memory of the library's own, of which nothing can be wrong, with all pages that it touches: when it fails, the
// kernel does not know how, and os_populate does not ask it. Reads no variable before: that would be a page more.
void os_populate_own(void* start, size_t bytes);
// Whether a page can be read: it may be the program's, and inaccessible. False where the kernel does not tell (as above).
bool os_readable(void* page);
// Tests: from now on the kernel seems not to know it.
void os_populate_forget(bool forgotten);

// Moves pages to where `new_bytes` fit, and returns that place; what is beyond the old size reads as zero. Null:
// the system refuses, and nothing happened.
void* os_move(void* from, size_t old_bytes, size_t new_bytes);

// Pages become inaccessible, or accessible again. Splits the mapping: there may be only so many (vm.max_map_count).
// Content stays. False when the system refuses.
bool os_protect(void* start, size_t bytes, bool accessible);

// Makes pages inaccessible without splitting the mapping, and discards their content (MADV_GUARD_INSTALL, Linux
// 6.13). False when the kernel does not know it, or refuses, as for locked pages.
bool os_guard_install(void* start, size_t bytes);
// Accessible again; they read as zero. Pages that were accessible stay what they are.
bool os_guard_remove(void* start, size_t bytes);
// Whether the kernel knows how to; tried on a page of its own.
bool os_guard_supported();
// Tests: from now on the kernel seems not to know it.
void os_guard_forget(bool forgotten);

// How many mappings a process may have (vm.max_map_count); the default of Linux when that cannot be read.
size_t os_mapping_limit();
// Bytes of memory in this machine; 0 when unknown.
size_t os_machine_memory();

// The system's page size, at least kPageSize. Valid from the first call.
#if defined(__x86_64__)  // which has no other
constexpr size_t os_page_size() { return kPageSize; }
#else
size_t os_page_size();
#endif

}  // namespace kslab
