#include "pages/page_map.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/meta_arena.h"

namespace kslab {

KSLAB_APART constinit page_map_tables page_map{};
constinit uintptr_t page_map_bias = 0;
constinit mutex page_map_lock{lock_rank::page_map};

namespace {

using leaf = page_map_leaf;
using section = page_map_section;

size_t leaf_index(uintptr_t offset) { return (offset >> kLeafShift) & (kSectionLeaves - 1); }

// Where an address lies: its section, or null; its offset from the start of home.
struct place {
    section* in;
    uintptr_t offset;

    leaf*& leaf_slot() const { return in->leaves[leaf_index(offset)]; }
    // Null where nothing was made.
    leaf* leaf_here() const { return in == nullptr ? nullptr : __atomic_load_n(&leaf_slot(), __ATOMIC_ACQUIRE); }
    uintptr_t& owner_in(leaf* of) const { return of->owner[owner_index(offset)]; }
    uint16_t& value() const { return in->value[section_index(offset)]; }
};

__attribute__((noinline)) place place_elsewhere(uintptr_t address) {
    place found;
    uintptr_t bias;
    // Whoever still has the bias from before the first run must not look at sections with it. (Home may be looked at: it then
    // gives nothing, or another address's, for one below 2 GiB that nobody but a buggy program asks for at that moment.)
    do {
        bias = offset_from_home(0);
        found.offset = address + bias;
        found.in = __atomic_load_n(&page_map.root[root_index(found.offset)], __ATOMIC_ACQUIRE);
    } while (KSLAB_UNLIKELY(offset_from_home(0) != bias));
    if (address >> kAddressBits != 0) found.in = nullptr;
    return found;
}

KSLAB_ALWAYS_INLINE place place_of(uintptr_t address) {
    uintptr_t offset = offset_from_home(address);
    if (KSLAB_LIKELY(offset >> kSectionShift == 0)) return {&page_map.home, offset};
    return place_elsewhere(address);
}

void place_home_for(uintptr_t first) {
    scoped_lock lock(page_map_lock);
    if (page_map_bias != 0) return;
    __atomic_store_n(&page_map_bias, uintptr_t{0} - home_start(first), __ATOMIC_RELAXED);
    __atomic_store_n(&page_map.root[0], &page_map.home, __ATOMIC_RELEASE);
}

// Put aside by page_map_put_aside, for when memory is short. page_map_lock.
section* spare_sections[2];
leaf* spare_leaves[2];

template <typename T>
T* take_spare(T* (&spares)[2]) {
    scoped_lock lock(page_map_lock);
    T*& spare = spares[spares[0] != nullptr ? 0 : 1];
    T* taken = spare;
    __atomic_store_n(&spare, nullptr, __ATOMIC_RELAXED);
    return taken;
}

// False when another thread was quicker.
template <typename T>
bool keep_spare(T*& spare, T* made) {
    scoped_lock lock(page_map_lock);
    if (spare != nullptr) return false;
    __atomic_store_n(&spare, made, __ATOMIC_RELAXED);
    return true;
}

void unmap_section(section* unused) {
    os_unmap(reinterpret_cast<char*>(unused) - os_page_size(), align_up(sizeof(section), os_page_size()) + 2 * os_page_size());
}

bool make_section(place& there) {
    section* made = static_cast<section*>(os_map_guarded(sizeof(section)));
    if (made == nullptr) made = take_spare(spare_sections);
    if (made == nullptr) return false;
    scoped_lock lock(page_map_lock);
    section*& entry = page_map.root[root_index(there.offset)];
    there.in = entry;
    if (there.in != nullptr) {
        lock.unlock();
        unmap_section(made);
        return true;
    }
    there.in = made;
    __atomic_store_n(&entry, made, __ATOMIC_RELEASE);
    return true;
}

bool make_leaf(const place& there) {
    leaf* made = static_cast<leaf*>(metadata_allocate(sizeof(leaf)));
    if (made == nullptr) made = take_spare(spare_leaves);
    if (made == nullptr) return false;
    for (uintptr_t& owner : made->owner) owner = 0;
    scoped_lock lock(page_map_lock);
    if (there.leaf_here() != nullptr) {
        lock.unlock();
        metadata_free(made, sizeof(leaf));
        return true;
    }
    __atomic_store_n(&there.leaf_slot(), made, __ATOMIC_RELEASE);
    return true;
}

}  // namespace

page_owner page_owner_of(const void* address) {
    place there = place_of(reinterpret_cast<uintptr_t>(address));
    leaf* of = there.leaf_here();
    return of == nullptr ? page_owner{} : page_owner{__atomic_load_n(&there.owner_in(of), __ATOMIC_ACQUIRE)};
}

page_owner page_owner_before(const void* address) {
    uintptr_t where = align_down(reinterpret_cast<uintptr_t>(address), kPageSize);
    if (where >> kAddressBits != 0) return {};
    // What is absent is skipped whole.
    for (;;) {
        place there = place_of(where);
        leaf* of = there.leaf_here();
        size_t step = kPageSize;
        if (of != nullptr) {
            page_owner owner{__atomic_load_n(&there.owner_in(of), __ATOMIC_ACQUIRE)};
            if (!owner.none()) return owner;
        } else {
            step = (there.in == nullptr ? kSectionPages : kLeafPages) * kPageSize;
        }
        size_t back = (there.offset & (step - 1)) + kPageSize;
        if (back > where) return {};
        where -= back;
    }
}

void page_map_place_home(const void* near) {
    if (near != nullptr) place_home_for(reinterpret_cast<uintptr_t>(near));
}

bool page_map_put_aside() {
    for (leaf*& spare : spare_leaves) {
        if (__atomic_load_n(&spare, __ATOMIC_RELAXED) != nullptr) continue;
        leaf* made = static_cast<leaf*>(metadata_allocate(sizeof(leaf)));
        if (made == nullptr) return false;
        if (!keep_spare(spare, made)) metadata_free(made, sizeof(leaf));
    }
    for (section*& spare : spare_sections) {
        if (__atomic_load_n(&spare, __ATOMIC_RELAXED) != nullptr) continue;
        section* made = static_cast<section*>(os_map_guarded(sizeof(section)));
        if (made == nullptr) return false;
        if (!keep_spare(spare, made)) unmap_section(made);
    }
    return true;
}

bool page_map_ensure(uintptr_t address) {
    if (address >> kAddressBits != 0) return false;
    if (KSLAB_UNLIKELY(!page_map_has_home())) place_home_for(address);
    place there = place_of(address);
    if (there.in == nullptr && !make_section(there)) return false;
    return there.leaf_here() != nullptr || make_leaf(there);
}

bool page_map_ensure_range(uintptr_t start, size_t pages) {
    uintptr_t last = start + (pages - 1) * kPageSize;
    for (uintptr_t at = start; at < last; at += kLeafPages * kPageSize)
        if (!page_map_ensure(at)) return false;
    return page_map_ensure(last);
}

void page_map_set_owner(uintptr_t address, page_owner owner) {
    place there = place_of(address);
    __atomic_store_n(&there.owner_in(there.leaf_slot()), owner.word(), __ATOMIC_RELEASE);
}

namespace {

// `visit` gets the first of pages that lie side by side in one leaf, and how many these are.
template <typename F>
void for_each_leaf(uintptr_t start, size_t pages, F visit) {
    while (pages > 0) {
        place there = place_of(start);
        size_t left = kLeafPages - owner_index(there.offset);
        size_t count = left < pages ? left : pages;
        visit(there, count);
        start += count * kPageSize;
        pages -= count;
    }
}

}  // namespace

void page_map_set_owners(uintptr_t start, size_t pages, page_owner owner) {
    for_each_leaf(start, pages, [=](const place& first, size_t count) {
        uintptr_t* owners = &first.owner_in(first.leaf_slot());
        for (size_t i = 0; i < count; i++) __atomic_store_n(owners + i, owner.word(), __ATOMIC_RELEASE);
    });
}

void page_map_set_values(uintptr_t start, size_t pages, uint16_t value) {
    for_each_leaf(start, pages, [=](const place& first, size_t count) {
        uint16_t* values = &first.value();
        for (size_t i = 0; i < count; i++) __atomic_store_n(values + i, value, __ATOMIC_RELAXED);
    });
}

}  // namespace kslab
