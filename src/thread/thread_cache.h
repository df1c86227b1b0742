// The hot header: a thread's array caches, and the two operations that budgets are kept for.
//
//   malloc  size table: bytes → slot; slot + current_thread → array; entry[--avail]
//     empty?   malloc_slow: array by pages, or malloc_missed: boot, first call of the thread, large, cache_alloc_refill
//   free    page map: page → slot; slot + current_thread → array; entry[avail++]
//     full?    free_slow: outside the page map's home the same; cache_flusharray, users' cache, large run, foreign pointer, NULL
//     equal to the entry below? the object was freed a moment ago: report
//
// All arrays of a thread lie in one structure, one slot for each malloc size class. A thread that has no
// arrays yet points to empty_thread, one that has torn them down to dead_thread: all their arrays are empty
// and full at once, so nobody asks on the fast path whether there are any. The slot at offset 0 is like that
// in every thread; it is where page-map value 0 and sizes without a class lead.
//
// A thread in a group (thread/group.h) points to its shadow, which is like that in all slots; this_thread() holds its arrays.
#pragma once
#include "base/list.h"
#include "cache/array_cache.h"
#include "config/size_classes.h"
#include "pages/page_map.h"

namespace kslab {

inline constexpr size_t kThreadHeaderBytes = 256;
inline constexpr size_t kSlotBytes = 32512;

// The array of a cache without a slot. Where every operation has to be slow, `hot` stays the empty array.
struct array_slot {
    array_cache* hot;
    array_cache* real;
};

struct thread_cache {
    char none[sizeof(array_cache)];  // avail == limit == 0 for ever

    // Cold: the owner's, but for the fields that other threads read under thread_list_lock.
    list_head all;          // thread_list_lock
    array_slot* vector;     // arrays of caches without a slot, by kmem_cache::index
    uint32_t vector_bytes;  // kmem_cache::vector_offset is below
    uint32_t generation;    // of the last drain that was asked for (thread.h)
    uint32_t countdown;     // slow operations until the next look at the clock
    uint32_t slabs_made;    // of its node's, in its refills, since idle arrays were last looked for
    size_t reserved;        // bytes that the arrays may hold, the sum of limit * size; atomic, see reserve()
    size_t room;            // at most so much is reserved
    size_t flushed;         // bytes, in a row, of all arrays, without a refill
    uint32_t pause;         // of the hand of make_room, in slow operations
    unsigned hand;          // where make_room goes on, below slots.count
    uint16_t misses;        // that the room was too little, since it became more
    bool lacked;            // room, since the last reap
    uint8_t rounds;         // that room was given back too early (arrays.cpp)
    uint64_t next_reap;
    unsigned exit_round;
    uint8_t node;           // where this thread runs (thread/node.cpp)
    uint8_t reap_node;      // the node whose alien objects are sent home next
    uint8_t refilling;      // constructors run: what they do must not drain the array that is being filled
    unsigned number;        // given in turn: which node is dealt to the thread
    uint64_t rcu_section;   // thread/rcu.h; read by all
    uint32_t group;         // that the thread is in, 0: none; read by all
    thread_cache* shadow;   // made when it first enters one
    thread_cache* real;     // of a shadow: the thread's own structure; null otherwise

    alignas(kCacheLine) char padding[kThreadHeaderBytes - 192];
    char slots[kSlotBytes];
};
static_assert(__builtin_offsetof(thread_cache, none) == 0, "page-map value 0 leads here");
static_assert(__builtin_offsetof(thread_cache, slots) == kThreadHeaderBytes, "keep the padding in step");
static_assert(sizeof(thread_cache) <= 32768, "the arena rounds it to a power of two; and a slot is an offset of 16 bits");

extern thread_cache empty_thread, dead_thread;

// Empty and full at once, for caches that this thread has no array of.
extern array_cache no_array;

// One word of initial-exec TLS: a library that is dlopen'ed needs no more, and access never calls the loader.
extern __thread thread_cache* current_thread __attribute__((tls_model("initial-exec")));

// Size in units of 16 bytes, rounded up → slot. All zero until boot, so that the first call is slow.
// Behind them what kmalloc's tracepoint needs (slots.h), and the slots of larger sizes, by pages less one; those of sizes up to
// kFastMaximum stay 0, for the slow path asks there first.
inline constexpr size_t kSizeUnits = kFastMaximum / 16 + 1;
inline constexpr size_t kPageSlots = 2 * kSizeUnits;
inline constexpr size_t kMallocSlots = kPageSlots + kLargestWholePages / kPageSize;
extern uint16_t malloc_slots[kMallocSlots];

// The thread's own structure, also while it is in a group.
inline thread_cache* this_thread() {
    thread_cache* thread = current_thread;
    return KSLAB_LIKELY(thread->real == nullptr) ? thread : thread->real;
}

inline array_cache* array_at(thread_cache* thread, uint16_t slot) {
    return reinterpret_cast<array_cache*>(reinterpret_cast<char*>(thread) + slot);
}

// `otherwise` runs when the array is empty.
template <typename F>
KSLAB_ALWAYS_INLINE void* array_pop(array_cache* ac, F otherwise) {
    uint32_t avail = ac->avail;
    if (KSLAB_UNLIKELY(avail == 0)) return otherwise();
    avail--;
    __atomic_store_n(&ac->avail, avail, __ATOMIC_RELAXED);
    return ac->entry[avail];
}

// The fast path of malloc for size <= kFastMaximum.
template <typename F>
KSLAB_ALWAYS_INLINE void* malloc_fast(size_t size, F otherwise) {
    return array_pop(array_at(current_thread, malloc_slots[(size + 15) >> 4]), otherwise);
}

// For larger sizes, of which few programs ask for as many as of small ones: this is the first thing the slow path does.
template <typename F>
KSLAB_ALWAYS_INLINE void* malloc_whole_pages(size_t size, F otherwise) {
    size_t index = (size - 1) >> kPageShift;  // a size of 0 has none
    if (index >= kLargestWholePages / kPageSize) return otherwise();
    return array_pop(array_at(current_thread, malloc_slots[kPageSlots + index]), otherwise);
}

// avail + 1, after the entry was stored. In one instruction where there is one: the value is not needed again.
KSLAB_ALWAYS_INLINE void array_advance(array_cache* ac, uint32_t avail) {
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    static_cast<void>(avail);
    __asm__("incl %0" : "+m"(ac->avail) : : "memory");
#else
    __atomic_store_n(&ac->avail, avail + 1, __ATOMIC_RELEASE);
#endif
}

// False when the array is full, or the object was freed a moment ago.
KSLAB_ALWAYS_INLINE bool array_push(array_cache* ac, void* object) {
    uint32_t avail = ac->avail;
    if (KSLAB_UNLIKELY(avail >= ac->limit)) return false;
    if (KSLAB_UNLIKELY(ac->entry[static_cast<ptrdiff_t>(avail) - 1] == object)) return false;
    ac->entry[avail] = object;
    array_advance(ac, avail);
    return true;
}

// The array of a cache without a slot.
KSLAB_ALWAYS_INLINE array_cache* hot_array(uint32_t vector_offset) {
    thread_cache* thread = current_thread;
    if (KSLAB_UNLIKELY(vector_offset >= thread->vector_bytes)) return &no_array;
    return reinterpret_cast<array_slot*>(reinterpret_cast<char*>(thread->vector) + vector_offset)->hot;
}

// The fast path of free; false when it is not for it.
KSLAB_ALWAYS_INLINE bool free_fast(void* object) {
    return array_push(array_at(current_thread, home_page_value(object)), object);
}

}  // namespace kslab
