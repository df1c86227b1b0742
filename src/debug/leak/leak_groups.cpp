#include "debug/leak/leak_groups.h"

#include "base/bits.h"
#include "os/memory.h"

namespace kslab {

namespace {

// More stacks than this nobody reads; what is beyond shares the group that its search ends at.
constexpr size_t kMostGroups = size_t{1} << 16;

size_t sum_of(const leak_group& g) { return g.own.bytes + g.indirect.bytes; }

// Whether `a` is reported before `b`.
bool before(const leak_group& a, const leak_group& b) {
    if (a.possible != b.possible) return b.possible;
    if (sum_of(a) != sum_of(b)) return sum_of(a) > sum_of(b);
    if (a.own.objects != b.own.objects) return a.own.objects > b.own.objects;
    return a.example.allocated.stack < b.example.allocated.stack;
}

void swap(leak_group& a, leak_group& b) {
    leak_group moved = a;
    a = b;
    b = moved;
}

// The last in order to the root.
void sift(leak_group* items, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && before(items[child], items[child + 1])) child++;
        if (!before(items[root], items[child])) return;
        swap(items[root], items[child]);
    }
}

}  // namespace

bool leak_groups::open(size_t objects) {
    size_t most = objects < kMostGroups ? objects + 1 : kMostGroups;
    capacity_ = next_power_of_two(2 * most);
    mapped_ = align_up(capacity_ * sizeof(leak_group), kPageSize);
    groups_ = static_cast<leak_group*>(os_map_guarded(mapped_));
    return groups_ != nullptr;
}

void leak_groups::close() {
    if (groups_ != nullptr) os_unmap(reinterpret_cast<char*>(groups_) - os_page_size(), mapped_ + 2 * os_page_size());
    groups_ = nullptr;
}

leak_group& leak_groups::slot_for(const place& p, bool possible) {
    uint32_t stack = p.record->allocated.stack;
    uint64_t key = stack != 0 ? stack : reinterpret_cast<uintptr_t>(p.cache);
    uint64_t mixed = (key * 2 + possible) * 0x9e3779b97f4a7c15;
    for (size_t i = mixed >> 32;; i++) {
        leak_group& g = groups_[i & (capacity_ - 1)];
        if (!g.used) return g;
        bool same = g.example.allocated.stack == stack && (stack != 0 || g.cache == p.cache);
        if (same && g.possible == possible) return g;
        if (count_ >= kMostGroups && i - (mixed >> 32) > 64) return g;
    }
}

void leak_groups::add(const place& p, bool possible, const leak_sum& indirect) {
    leak_group& g = slot_for(p, possible);
    if (!g.used) {
        __builtin_memcpy(static_cast<void*>(&g.example), static_cast<const void*>(p.record), sizeof g.example);
        g.where = p;
        g.cache = p.cache;
        g.possible = possible;
        g.used = true;
        count_++;
    }
    g.own.add(p.record->requested);
    g.indirect.objects += indirect.objects;
    g.indirect.bytes += indirect.bytes;
}

void leak_groups::sort() {
    size_t used = 0;
    for (size_t i = 0; i < capacity_; i++) {
        if (!groups_[i].used) continue;
        if (used != i) swap(groups_[used], groups_[i]);
        used++;
    }
    for (size_t i = used / 2; i-- > 0;) sift(groups_, i, used);
    for (size_t i = used; i > 1; i--) {
        swap(groups_[0], groups_[i - 1]);
        sift(groups_, 0, i - 1);
    }
}

}  // namespace kslab
