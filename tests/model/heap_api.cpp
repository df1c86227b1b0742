#include "debug/object/validate_heap.h"
#include "debug/guard/guard.h"
#include "heap.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/stats.h"
#include "kslab/kmalloc.h"
#include "kslab/kslab.h"

namespace heap {

void* allocate(size_t size) { return kmalloc(size, 0); }
void* allocate_zeroed(size_t size) { return kzalloc(size, 0); }
void* allocate_aligned(size_t align, size_t size) { return kslab::kmalloc_slow({.kind = kslab::call_kind::kmalloc, .size = size, .align = align}); }
void* resize(void* object, size_t size) { return krealloc(object, size, 0); }
void release(void* object) { kfree(object); }
size_t usable(void* object) { return ksize(object); }
const char* validate() { return kslab::validate_heap(); }
void trim() { kslab_trim(); }

bool nothing_in_use() {
    // Guarded runs that wait for reuse are in use for the page allocator.
    if (kslab::debug_flags != 0) kslab::guard_drain();
    static kslab::heap_stats stats;
    kslab::heap_stats_read(stats);
    return stats.small_used == 0 && stats.large_count == 0;
}

}  // namespace heap
