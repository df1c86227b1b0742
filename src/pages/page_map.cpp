#include "pages/page_map.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/meta_arena.h"

namespace kslab {

KSLAB_APART constinit page_map_tables page_map{};
constinit mutex page_map_lock{lock_rank::page_map};

namespace {

struct leaf {
    uintptr_t owner[kLeafPages];
};

struct section {
    uint16_t value[kSectionPages];
    leaf* leaves[kSectionLeaves];
};

bool beyond_map(uintptr_t address) { return (address >> kSectionShift) >= kRootEntries; }

section* section_of(uintptr_t address) {
    intptr_t distance = __atomic_load_n(&page_map.root[root_index(address)], __ATOMIC_ACQUIRE);
    if (distance == 0) return nullptr;
    return reinterpret_cast<section*>(reinterpret_cast<char*>(page_map.zero_section) + distance);
}

size_t leaf_index(uintptr_t address) { return (address >> kLeafShift) & (kSectionLeaves - 1); }
size_t owner_index(uintptr_t address) { return (address >> kPageShift) & (kLeafPages - 1); }

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

section* make_section(uintptr_t address) {
    section* made = static_cast<section*>(os_map_guarded(sizeof(section)));
    if (made == nullptr) made = take_spare(spare_sections);
    if (made == nullptr) return nullptr;
    scoped_lock lock(page_map_lock);
    if (section* other = section_of(address)) {
        lock.unlock();
        unmap_section(made);
        return other;
    }
    intptr_t distance = reinterpret_cast<char*>(made) - reinterpret_cast<char*>(page_map.zero_section);
    __atomic_store_n(&page_map.root[root_index(address)], distance, __ATOMIC_RELEASE);
    return made;
}

leaf* make_leaf(section* in, size_t index) {
    leaf* made = static_cast<leaf*>(metadata_allocate(sizeof(leaf)));
    if (made == nullptr) made = take_spare(spare_leaves);
    if (made == nullptr) return nullptr;
    for (uintptr_t& owner : made->owner) owner = 0;
    scoped_lock lock(page_map_lock);
    if (leaf* other = __atomic_load_n(&in->leaves[index], __ATOMIC_RELAXED)) {
        lock.unlock();
        metadata_free(made, sizeof(leaf));
        return other;
    }
    __atomic_store_n(&in->leaves[index], made, __ATOMIC_RELEASE);
    return made;
}

}  // namespace

page_owner page_owner_of(const void* address) {
    uintptr_t where = reinterpret_cast<uintptr_t>(address);
    if (beyond_map(where)) return {};
    section* in = section_of(where);
    if (in == nullptr) return {};
    leaf* of = __atomic_load_n(&in->leaves[leaf_index(where)], __ATOMIC_ACQUIRE);
    if (of == nullptr) return {};
    return page_owner{__atomic_load_n(&of->owner[owner_index(where)], __ATOMIC_ACQUIRE)};
}

page_owner page_owner_before(const void* address) {
    uintptr_t where = align_down(reinterpret_cast<uintptr_t>(address), kPageSize);
    if (beyond_map(where)) return {};
    // What is absent is skipped whole.
    while (where != 0) {
        size_t step = kPageSize;
        if (section* in = section_of(where); in == nullptr)
            step = kSectionPages * kPageSize;
        else if (__atomic_load_n(&in->leaves[leaf_index(where)], __ATOMIC_ACQUIRE) == nullptr)
            step = kLeafPages * kPageSize;
        else if (page_owner owner = page_owner_of(reinterpret_cast<void*>(where)); !owner.none())
            return owner;
        where = align_down(where, step);
        if (where != 0) where -= kPageSize;
    }
    return {};
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
    if (beyond_map(address)) return false;
    section* in = section_of(address);
    if (in == nullptr) in = make_section(address);
    if (in == nullptr) return false;
    size_t index = leaf_index(address);
    return __atomic_load_n(&in->leaves[index], __ATOMIC_RELAXED) != nullptr || make_leaf(in, index) != nullptr;
}

bool page_map_ensure_range(uintptr_t start, size_t pages) {
    uintptr_t last = start + (pages - 1) * kPageSize;
    for (uintptr_t at = start; at < last; at += kLeafPages * kPageSize)
        if (!page_map_ensure(at)) return false;
    return page_map_ensure(last);
}

void page_map_set_owner(uintptr_t address, page_owner owner) {
    leaf* of = section_of(address)->leaves[leaf_index(address)];
    __atomic_store_n(&of->owner[owner_index(address)], owner.word(), __ATOMIC_RELEASE);
}

void page_map_set_owners(uintptr_t start, size_t pages, page_owner owner) {
    for (size_t i = 0; i < pages; i++) page_map_set_owner(start + i * kPageSize, owner);
}

void page_map_set_values(uintptr_t start, size_t pages, uint16_t value) {
    for (size_t i = 0; i < pages; i++) {
        uintptr_t address = start + i * kPageSize;
        __atomic_store_n(&section_of(address)->value[section_index(address)], value, __ATOMIC_RELAXED);
    }
}

}  // namespace kslab
