// The array cache: the objects of one cache that one thread keeps at hand. LIFO, as in the kernel.
//
// Only the owner reads and writes it, but for statistics and the child of a fork, who take what they find, and for
// whoever destroys the cache, which nobody uses any more. For the child's sake the stores are ordered: on free the entry, then avail; when entries leave,
// avail first. At any moment the entries below avail are valid and nowhere else.
#pragma once
#include "base/attributes.h"

namespace kslab {

enum class array_move : uint8_t { none, refilled, flushed };

struct array_cache {
    uint32_t avail;
    uint32_t limit;
    // The eight bytes below entry[0] never look like a pointer of the user's: free() may compare with them.
    uint16_t batchcount;
    uint8_t touched;   // refilled since reaping, a look for idle arrays or make_room cleared it
    array_move last;   // what the last slow operation was
    uint32_t tag;      // kArrayTag | capacity
    void* entry[];

    unsigned capacity() const { return tag & 0xffff; }
};
static_assert(sizeof(array_cache) == 16);

inline constexpr uint32_t kArrayTag = 0xffff0000;

constexpr size_t array_cache_bytes(unsigned capacity) { return sizeof(array_cache) + capacity * sizeof(void*); }

inline void array_cache_init(array_cache* ac, unsigned capacity) {
    ac->batchcount = 1;
    ac->touched = 0;
    ac->last = array_move::none;
    ac->tag = kArrayTag | capacity;
    ac->limit = 0;
    ac->avail = 0;
}

inline unsigned array_avail(const array_cache* ac) { return __atomic_load_n(&ac->avail, __ATOMIC_RELAXED); }
// Entries were stored before; or are given up before they are stored elsewhere.
inline void array_set_avail(array_cache* ac, unsigned avail) {
    __atomic_store_n(&ac->avail, avail, __ATOMIC_RELEASE);
}

}  // namespace kslab
