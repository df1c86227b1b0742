// Objects by who allocated them: one group for each allocation stack, or for each cache where stacks are not kept.
// Made while nobody may allocate, read when everybody runs again; so all that a report needs is copied.
#pragma once
#include "debug/leak/leak_mark.h"

namespace kslab {

struct leak_group {
    leak_sum own;
    leak_sum indirect;
    object_record example;  // the first object's
    place where;            // the first object's place; its record is gone
    const kmem_cache* cache;  // the first object's
    bool possible;
    bool used;
};

class leak_groups {
public:
    leak_groups() = default;
    leak_groups(const leak_groups&) = delete;
    leak_groups& operator=(const leak_groups&) = delete;

    // Room for as many groups as there may be among so many objects; false when memory is short.
    bool open(size_t objects);
    void close();

    void add(const place& p, bool possible, const leak_sum& indirect);
    // The largest sums first.
    void sort();

    size_t count() const { return count_; }
    const leak_group& operator[](size_t i) const { return groups_[i]; }
    uintptr_t memory() const { return reinterpret_cast<uintptr_t>(groups_); }

private:
    leak_group& slot_for(const place& p, bool possible);

    leak_group* groups_ = nullptr;
    size_t capacity_ = 0;  // a power of two
    size_t mapped_ = 0;
    size_t count_ = 0;
};

}  // namespace kslab
