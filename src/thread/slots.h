// The slots of this process: which cache each array of a thread_cache belongs to. Written at boot only.
#pragma once
#include "thread/thread.h"

namespace kslab {

struct slot_table {
    unsigned count;
    uint16_t next_offset;
    kmem_cache* cache[kMaxClasses];
    size_t thread_bytes;  // KSLAB_THREAD_CACHE
};
extern slot_table slots;

// By kmem_cache::index; thread_list_lock.
extern kmem_cache* vector_caches[kMaxVectorCaches];

// Limits start here and double when a refill follows a refill.
inline constexpr unsigned kFirstLimit = 16;

// Changes how many objects the array may hold, and what the thread has reserved.
void set_array_limit(thread_cache* thread, const kmem_cache* cache, array_cache* ac, unsigned limit);

}  // namespace kslab
