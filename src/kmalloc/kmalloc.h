// Memory of any size: size classes up to 256 KiB, runs of pages above. No errno, no C semantics: those are
// src/malloc's. kmalloc, kfree and their kin (include/kslab/kmalloc.h) are in api.cpp of this room.
#pragma once
#include "cache/kmem_cache.h"
#include "check/debug_table.h"
#include "thread/thread.h"

namespace kslab {

// Brings the allocator up: options, page allocator, size classes. Cheap when it has happened; safe from any
// thread and before any constructor.
void boot();
bool booted();

extern options active_options;
extern debug_switches active_switches;

// ---- Size classes.
struct kmalloc_state {
    size_class_table classes;
    kmem_cache caches[kMaxClasses];
    size_t largest;  // the largest size that a class serves
    uint8_t class_of[kFastMaximum / 16 + 1];
};
extern kmalloc_state kmalloc_caches;

// The cache that serves `size`, at least 1 and at most kmalloc_caches.largest.
kmem_cache* large_class_for(size_t size);
inline kmem_cache* class_for(size_t size) {
    return size <= kFastMaximum ? &kmalloc_caches.caches[kmalloc_caches.class_of[(size + 15) >> 4]] : large_class_for(size);
}
// The smallest class of at least `size` whose objects are all aligned to `align` (a power of two); null when
// there is none.
kmem_cache* class_for_aligned(size_t size, size_t align);

// ---- The slow path: everything that malloc_fast and free_fast leave. Boot and attaching included.

// Null when memory is short. Zeroed when `how` says so: large memory that is fresh from the system is not touched then.
void* kmalloc_slow(const call& how);
// An object of a cache; never zeroed.
void* cache_alloc(kmem_cache* cache, const call& how);
// The same, zeroed when `how` says so.
void* cache_alloc_zeroing(kmem_cache* cache, const call& how);
void cache_free(kmem_cache* cache, void* object);
// The calling thread's arrays, made on its first call; null when it has none and gets none.
thread_cache* attached_thread();

// Frees what free_fast did not: `owner` is not none. Bad pointers are reported.
void free_owned(void* object, page_owner owner, const call& how);

// Whether the page's owner keeps records for debugging.
bool under_debugging(page_owner owner);

// The bytes the caller may use of the object that begins at `object`; reports pointers that are none.
size_t usable_size(const void* object, page_owner owner);

// So many bytes are about to be written to an object that was just allocated.
void prepare_for_copy(const void* object, size_t bytes);

// Changes the size in place where that costs no copy; false: the object is unchanged.
bool resize_in_place(void* object, page_owner owner, size_t size);
// Moves a large object to `size` without copying; null: it is unchanged, as one below 2 GiB always is. The caller then
// copies, to wherever its request says.
void* resize_by_moving(void* object, page_owner owner, size_t size);

// Sends all objects that this thread freed, and all that threads share, to their slabs, which proves each free.
void prove_frees();

// Releases memory that nobody uses; the number of pages that went back to the system.
size_t trim_everything();

}  // namespace kslab
