// The page map: from any address to what kslab knows of its page, as the kernel's SPARSEMEM mem_map.
//
//   home: the section of 2 GiB that the process's first mappings lie in, most of it below, for that is where others go
//         next. It is part of the library, and begins where these want it: free() needs no table to find it.
//   root: one entry for each 2 GiB of the address space, counted from the start of home, and around: what lies
//         below home comes last, and one section may hold the top of the space and its bottom. Null: nothing there.
//   section: for each page the 2-byte value that free() turns into the thread's array by one addition, and
//         behind it, which malloc and free do not read, the leaves.
//   leaf: for each page of 2 MiB the descriptor of its slab or run; made on demand.
//
// A value of 0 means "take the slow path": not ours, a large run, or an object of a cache that has no slot;
// home_page_value gives it for all that lies outside home, too.
//
// Entries are relaxed atomics. Sections and leaves are published with release order when they are zero, and
// never freed. Lock: page_map_lock, only for making them and for placing home.
#pragma once
#include "base/attributes.h"
#include "base/mutex.h"

namespace kslab {

struct slab;
struct run;

inline constexpr unsigned kSectionShift = 31;
inline constexpr size_t kRootEntries = size_t{1} << (kAddressBits - kSectionShift);
inline constexpr size_t kSectionPages = size_t{1} << (kSectionShift - kPageShift);
inline constexpr unsigned kLeafShift = 21;
inline constexpr size_t kLeafPages = size_t{1} << (kLeafShift - kPageShift);
inline constexpr size_t kSectionLeaves = kSectionPages / kLeafPages;

struct page_map_leaf {
    uintptr_t owner[kLeafPages];
};

struct page_map_section {
    uint16_t value[kSectionPages];
    char padding[3072];  // so that home's leaves for the first mapping and below share a page with the start of the root
    page_map_leaf* leaves[kSectionLeaves];
};

struct page_map_tables {
    page_map_section home;
    page_map_section* root[kRootEntries];  // the first is home
};

KSLAB_HIDDEN extern page_map_tables page_map;
// Added to an address: how far it lies behind the start of home. Set with the first run; never again.
KSLAB_HIDDEN extern uintptr_t page_map_bias;

extern mutex page_map_lock;

// Where home begins, for `first` to lie in it: at a multiple of 2 MiB; not at 0, for a bias of 0 says that it has no place yet.
// Little of it is above: what the process maps later may find a hole there, but most goes below.
constexpr uintptr_t home_start(uintptr_t first) {
    constexpr uintptr_t kAbove = uintptr_t{250} << 20;
    constexpr uintptr_t kBelow = kSectionPages * kPageSize - kAbove;
    static_assert(kBelow / kPageSize * sizeof(uint16_t) % kPageSize == 3 * kPageSize / 4, "6 MiB below share a page of values with `first`");
    static_assert((__builtin_offsetof(page_map_section, leaves) + kBelow / (kLeafPages * kPageSize) * sizeof(void*)) / kPageSize ==
                  sizeof(page_map_section) / kPageSize, "and its leaf one with the root");
    constexpr uintptr_t kStep = kLeafPages * kPageSize;
    return first < kBelow + kStep ? kStep : (first - kBelow) / kStep * kStep;
}

inline size_t root_index(uintptr_t offset) { return (offset >> kSectionShift) & (kRootEntries - 1); }
inline size_t section_index(uintptr_t offset) { return (offset >> kPageShift) & (kSectionPages - 1); }
inline size_t owner_index(uintptr_t offset) { return (offset >> kPageShift) & (kLeafPages - 1); }

KSLAB_ALWAYS_INLINE uintptr_t offset_from_home(uintptr_t address) {
    return address + __atomic_load_n(&page_map_bias, __ATOMIC_RELAXED);
}

// The value of the page that holds `address` where that is in home, else 0. Any address will do: tagged and wild ones lie
// outside.
KSLAB_ALWAYS_INLINE uint16_t home_page_value(const void* address) {
    uintptr_t page = offset_from_home(reinterpret_cast<uintptr_t>(address)) >> kPageShift;
    __asm__("" : "+r"(page));  // or the offset is what is compared, and has to be kept beside the page
    if (KSLAB_UNLIKELY(page >= kSectionPages)) return 0;
    return __atomic_load_n(&page_map.home.value[page], __ATOMIC_RELAXED);
}

// The same wherever it lies.
inline uint16_t page_value(const void* address) {
    uintptr_t where = reinterpret_cast<uintptr_t>(address);
    uintptr_t offset = offset_from_home(where);
    const page_map_section* in = __atomic_load_n(&page_map.root[root_index(offset)], __ATOMIC_ACQUIRE);
    if (in == nullptr || where >> kAddressBits != 0) return 0;
    return __atomic_load_n(&in->value[section_index(offset)], __ATOMIC_RELAXED);
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

// The owner of the page that holds `address`, in full 64-bit arithmetic: an address beyond kAddressBits has none.
page_owner page_owner_of(const void* address);

// The same, for those who ask often.
KSLAB_ALWAYS_INLINE page_owner page_owner_inline(const void* address) {
    uintptr_t offset = offset_from_home(reinterpret_cast<uintptr_t>(address));
    if (KSLAB_UNLIKELY(offset >> kSectionShift != 0)) return page_owner_of(address);
    const page_map_leaf* of = __atomic_load_n(&page_map.home.leaves[offset >> kLeafShift], __ATOMIC_ACQUIRE);
    if (KSLAB_UNLIKELY(of == nullptr)) return {};
    return page_owner{__atomic_load_n(&of->owner[owner_index(offset)], __ATOMIC_ACQUIRE)};
}

// The owner of the nearest page at or below `address` that has one. Runs have their first page in the map: it is
// theirs if the address lies in any. Slow: walks backwards.
page_owner page_owner_before(const void* address);

// Home is to lie around `near`, unless it has its place. Otherwise the first page_map_ensure gives it one: for when low memory comes
// first, where no more would follow.
inline bool page_map_has_home() { return __atomic_load_n(&page_map_bias, __ATOMIC_RELAXED) != 0; }
void page_map_place_home(const void* near);

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
