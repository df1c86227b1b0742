// Figures of the whole heap, for mallinfo and its kin. Taken while other threads run: each figure is true for
// some moment, their sum only approximately.
#pragma once
#include "base/mutex.h"
#include "kmalloc/kmalloc.h"

namespace kslab {

// Guards kmem_cache::in_arrays, the number of objects in threads' arrays. fork() takes it as well.
extern mutex stats_lock;

struct class_stats {
    const char* name;
    size_t object_size;
    size_t active;     // objects with the user
    size_t in_arrays;  // freed, waiting in threads' arrays or the shared one
    size_t free;       // free in their slabs
    size_t slabs;
    size_t pages;
};

struct heap_stats {
    size_t small_used;    // bytes of objects with the user
    size_t small_arrays;  // bytes of objects waiting in arrays
    size_t small_free;    // bytes free in slabs
    size_t array_objects;
    size_t free_objects;
    size_t slab_pages;
    size_t large_pages;   // pages of large allocations in use
    size_t large_count;
    size_t dirty_pages;   // free and resident
    size_t mapped_pages;
    size_t largest_mapped_use;  // most pages ever in use at once
    unsigned caches;
    class_stats cache[kMaxClasses];  // general caches; users' caches count in the sums only
};

void heap_stats_read(heap_stats& stats);

}  // namespace kslab
