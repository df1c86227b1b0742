// The slots of this process: which cache each array of a thread_cache belongs to. Written at boot only.
#pragma once
#include "thread/thread.h"

namespace kslab {

struct slot_table {
    unsigned count;
    uint16_t next_offset;
    kmem_cache* cache[kMaxClasses];
    size_t thread_bytes;  // KSLAB_THREAD_CACHE; thread_cache::room begins with it
    uint8_t index_at_line[sizeof(thread_cache) / kCacheLine + 1];  // into cache[], by slot / kCacheLine: no line has two
};
static_assert(kMaxClasses <= 256);
extern slot_table slots;

inline kmem_cache* cache_of_slot(uint16_t slot) { return slots.cache[slots.index_at_line[slot / kCacheLine]]; }

// malloc_slots (thread_cache.h) is all of it, `slot` first. `bytes` are those of the objects: beside the slots, where the tracepoint
// of kmalloc has them at hand without an instruction.
struct kmalloc_table {
    uint16_t slot[kSizeUnits];
    uint16_t bytes[kSizeUnits];
    uint16_t slot_of_pages[kLargestWholePages / kPageSize];
};
static_assert(__builtin_offsetof(kmalloc_table, slot_of_pages) == kPageSlots * sizeof(uint16_t), "as malloc_whole_pages expects");
extern kmalloc_table kmalloc_slots;

// By kmem_cache::index; thread_list_lock.
extern kmem_cache* vector_caches[kMaxVectorCaches];

// Limits start here and double when a refill follows a refill, or a flush a flush.
inline constexpr unsigned kFirstLimit = 16;

// Destroying a cache lowers what other threads have reserved.
inline size_t reserved_bytes(const thread_cache* thread) { return __atomic_load_n(&thread->reserved, __ATOMIC_RELAXED); }
inline void reserve(thread_cache* thread, size_t more) { __atomic_fetch_add(&thread->reserved, more, __ATOMIC_RELAXED); }
inline size_t held_bytes(const kmem_cache* cache, unsigned limit) { return size_t{limit} * cache->size; }

inline uint32_t vector_size(const thread_cache* thread) {
    return thread->vector_bytes / static_cast<uint32_t>(sizeof(array_slot));
}

// Changes how many objects the array may hold, and what the thread has reserved.
void set_array_limit(thread_cache* thread, const kmem_cache* cache, array_cache* ac, unsigned limit);
// Halves it, unless the cache is tuned; what is too much leaves the array.
void lower_limit(thread_cache* thread, kmem_cache* cache, array_cache* ac);
// Takes back what was lent to the thread beyond KSLAB_THREAD_CACHE: each gets at most so many times that, all together so much
// for each CPU.
inline constexpr unsigned kMostRoom = 8;
inline constexpr size_t kLentForCpu = size_t{4} << 20;
void return_lent_room(thread_cache* thread);
// A thread that gives memory up has the room of one that does nothing.
void give_room_back(thread_cache* thread);

}  // namespace kslab
