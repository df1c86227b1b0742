// The page map: from any address to what kslab knows of its page, as the kernel's SPARSEMEM mem_map.
//
//   root: one entry for each GiB of the 47-bit address space, holding the distance of its section from the
//         zero section, so that an absent section (0) leads to entries that read 0 without a branch.
//   section: for each page the 2-byte value that free() turns into the thread's array by one addition, and
//         behind it, read on slow paths only, the leaves.
//   leaf: for each page of 2 MiB the descriptor of its slab or run; made on demand.
//
// A value of 0 means "take the slow path": not ours, a large run, or an object of a cache that has no slot.
//
// Entries are relaxed atomics. Sections and leaves are published with release order when they are zero, and
// never freed. Lock: page_map_lock, only for making them.
#pragma once
#include "base/attributes.h"
#include "base/mutex.h"

namespace kslab {

struct slab;
struct run;

inline constexpr unsigned kSectionShift = 30;
inline constexpr size_t kRootEntries = size_t{1} << 17;
inline constexpr size_t kSectionPages = size_t{1} << (kSectionShift - kPageShift);
inline constexpr unsigned kLeafShift = 21;
inline constexpr size_t kLeafPages = size_t{1} << (kLeafShift - kPageShift);
inline constexpr size_t kSectionLeaves = kSectionPages / kLeafPages;

struct page_map_tables {
    intptr_t root[kRootEntries];
    uint16_t zero_section[kSectionPages];  // never written
};
extern page_map_tables page_map;

extern mutex page_map_lock;

inline size_t root_index(uintptr_t address) { return address >> kSectionShift; }
inline size_t section_index(uintptr_t address) { return (address >> kPageShift) & (kSectionPages - 1); }

// The value of the page that holds `address`. Any address will do.
KSLAB_ALWAYS_INLINE uint16_t page_value(const void* address) {
    uintptr_t where = reinterpret_cast<uintptr_t>(address);
    // One instruction more than masking: tagged and wild pointers are refused here.
    if (KSLAB_UNLIKELY(root_index(where) >= kRootEntries)) return 0;
    intptr_t distance = __atomic_load_n(&page_map.root[root_index(where)], __ATOMIC_RELAXED);
    size_t index = section_index(where);
    // Keeps the compiler from merging the shift above with the scaling below, which costs an instruction.
    __asm__("" : "+r"(index));
    const char* section = reinterpret_cast<const char*>(page_map.zero_section) + distance;
    return __atomic_load_n(reinterpret_cast<const uint16_t*>(section) + index, __ATOMIC_RELAXED);
}

// What owns a page: a slab, a run, or nothing that kslab knows.
class page_owner {
public:
    page_owner() = default;
    explicit page_owner(uintptr_t word) : word_(word) {}
    explicit page_owner(const struct slab* s) : word_(reinterpret_cast<uintptr_t>(s)) {}
    explicit page_owner(const struct run* r) : word_(reinterpret_cast<uintptr_t>(r) | kRunTag) {}

    bool none() const { return word_ == 0; }
    struct slab* slab() const { return (word_ & kRunTag) != 0 ? nullptr : reinterpret_cast<struct slab*>(word_); }
    struct run* run() const {
        return (word_ & kRunTag) == 0 ? nullptr : reinterpret_cast<struct run*>(word_ & ~kRunTag);
    }
    uintptr_t word() const { return word_; }

private:
    static constexpr uintptr_t kRunTag = 1;
    uintptr_t word_ = 0;
};

// The owner of the page that holds `address`, in full 64-bit arithmetic: an address beyond 47 bits has none.
page_owner page_owner_of(const void* address);

// The owner of the nearest page at or below `address` that has one. Runs have their first page in the map: it is
// theirs if the address lies in any. Slow: walks backwards.
page_owner page_owner_before(const void* address);

// Puts memory aside, so that page_map_ensure succeeds for the next two pages whatever happens in between; false
// when there is none.
bool page_map_put_aside();

// Makes section and leaf for the page that holds `address`; false when memory is short.
bool page_map_ensure(uintptr_t address);
bool page_map_ensure_range(uintptr_t start, size_t pages);

// The page's section and leaf exist.
void page_map_set_owner(uintptr_t address, page_owner owner);
void page_map_set_owners(uintptr_t start, size_t pages, page_owner owner);
void page_map_set_values(uintptr_t start, size_t pages, uint16_t value);

}  // namespace kslab
