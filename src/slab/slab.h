// One slab: a run of pages cut into objects of one size. Its descriptor lies in the metadata arena, away from
// user memory, and ends in the bufctl, a bitmap with a bit for each object that is free in the slab.
//
//   inuse + (bits set) == num
//   inuse counts the objects that left the slab: those of the user, those that wait in arrays, and for moments
//   those whose pages are being given back
//
// No locks here: everything but obj_to_index is called with the list_lock of the slab's node.
#pragma once
#include "base/list.h"
#include "slab/layout.h"

namespace kslab {

struct kmem_cache;
struct run;

enum class slab_list : uint8_t { none, partial, full, free };

struct slab {
    list_head list;
    kmem_cache* cache;
    run* pages;
    char* s_mem;  // the first object
    uint16_t num;
    uint16_t inuse;
    uint16_t first_word;  // no bit is set in the words before it
    slab_list where;
    uint8_t node;
    uint32_t purged;   // a bit for each page that was given back since its objects became free
    uint64_t bufctl[];
};
static_assert(sizeof(slab) == 56, "one word of bufctl makes a cache line");

constexpr size_t bufctl_words(size_t num) { return (num + 63) / 64; }
constexpr size_t slab_descriptor_bytes(size_t num) { return sizeof(slab) + bufctl_words(num) * 8; }

// Division by the object size as a multiplication, exact while slab bytes times size stay below 2^32; 0 where
// they do not. Both bounds are constants, so that the choice is made once for each cache.
constexpr uint32_t reciprocal_of(size_t size, size_t slab_bytes) {
    if (slab_bytes * size >= (uint64_t{1} << 32)) return 0;
    return static_cast<uint32_t>(((uint64_t{1} << 32) + size - 1) / size);
}
static_assert(reciprocal_of(8192, 64 << 10) != 0, "malloc's classes up to kFastMaximum divide by multiplication");

inline constexpr uint32_t kNoIndex = ~uint32_t{0};

// The index of the object that begins at `object`, which may lie anywhere; kNoIndex when none does. (Where the product
// overflows, the index is below 2^32 all the same, and multiplied back it is not the offset.)
inline uint32_t obj_to_index(const slab* s, const void* object, uint32_t size, uint32_t reciprocal) {
    uint64_t offset = reinterpret_cast<uintptr_t>(object) - reinterpret_cast<uintptr_t>(s->s_mem);
    uint64_t index = reciprocal != 0 ? (offset * reciprocal) >> 32 : offset / size;
    return index < s->num && index * size == offset ? static_cast<uint32_t>(index) : kNoIndex;
}

inline void* index_to_obj(const slab* s, uint32_t index, uint32_t size) {
    return s->s_mem + uint64_t{index} * size;
}

// The page of the first object, from which the pages of a slab are counted. That is not where the run begins: a page of
// colour, or the management, may lie before.
inline uintptr_t first_page(const slab* s) { return align_down(reinterpret_cast<uintptr_t>(s->s_mem), kPageSize); }

// Makes `s` a slab of `num` free objects.
void slab_init(slab* s, kmem_cache* cache, run* pages, char* s_mem, unsigned num);

// Takes up to `count` objects in ascending order of address and stores them downwards, the first right below `end`: arrays
// are emptied from their end. Returns how many.
unsigned slab_get_objs(slab* s, void** end, unsigned count, uint32_t size);

// Gives one object back; false when it is free already.
inline bool slab_put_obj(slab* s, uint32_t index) {
    uint64_t& word = s->bufctl[index / 64];
    uint64_t bit = uint64_t{1} << (index % 64);
    if (KSLAB_UNLIKELY((word & bit) != 0)) return false;
    word |= bit;
    if (index / 64 < s->first_word) s->first_word = static_cast<uint16_t>(index / 64);
    s->inuse = static_cast<uint16_t>(s->inuse - 1);
    return true;
}
// Gives `count` objects back; how many before one that is free already, or that is none.
unsigned slab_put_objs(slab* s, void* const* objects, unsigned count, uint32_t size, uint32_t reciprocal);
// Gives the `count` objects from index `from` on back; false, and nothing has happened, when one is free already.
bool slab_put_range(slab* s, uint32_t from, unsigned count);

bool slab_obj_free(const slab* s, uint32_t index);
unsigned slab_count_free(const slab* s);

// Whole pages whose objects are all free and that were not purged yet, as a mask with a bit for each page.
uint32_t slab_free_pages(const slab* s, uint32_t size);
// Takes all objects that touch the pages of `mask` (all of them free) out of the slab, or puts them back.
// Between the two the pages belong to the caller. Returns how many objects that are.
unsigned slab_hold_pages(slab* s, uint32_t mask, uint32_t size, bool hold);

}  // namespace kslab
