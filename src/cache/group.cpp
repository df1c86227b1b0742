#include "cache/group.h"

#include <errno.h>

#include <new>

#include "pages/meta_arena.h"

namespace kslab {

// By group id. A larger one takes its place when ids grow; the smaller ones stay until the root goes, for threads may
// still be looking at them.
struct child_table {
    child_table* smaller;
    uint32_t count;
    std::atomic<kmem_cache*> child[];
};

constinit mutex groups_lock{lock_rank::groups};
constinit relaxed<bool> groups_in_use;

namespace {

KSLAB_APART std::atomic<group*> groups[kMostGroups];

constexpr unsigned kFirstChildren = 15;
constexpr size_t table_bytes(uint32_t count) { return sizeof(child_table) + count * sizeof(std::atomic<kmem_cache*>); }

unsigned free_id_locked() {
    for (unsigned id = 1; id < kMostGroups; id++)
        if (group_by_id(id) == nullptr) return id;
    return 0;
}

group* record_locked(unsigned id) {
    if (group* old = groups[id].load(std::memory_order_relaxed)) return old;
    void* memory = metadata_allocate(sizeof(group));
    if (memory == nullptr) return nullptr;
    auto* made = new (memory) group{};
    made->id = id;
    groups[id].store(made, std::memory_order_release);
    return made;
}

void note_peak(group& of, size_t bytes) {
    size_t peak = of.peak.load(std::memory_order_relaxed);
    while (bytes > peak && !of.peak.compare_exchange_weak(peak, bytes, std::memory_order_relaxed)) {
    }
}

bool fits(const group& of, size_t have, size_t bytes) {
    size_t limit = of.limit.load(std::memory_order_relaxed);
    return limit == 0 || (bytes <= limit && have <= limit - bytes);
}

bool charge_bytes(group& of, size_t bytes, bool must) {
    size_t have = of.bytes.load(std::memory_order_relaxed);
    do {
        if (KSLAB_UNLIKELY(!fits(of, have, bytes)) && !must) return false;
    } while (!of.bytes.compare_exchange_weak(have, have + bytes, std::memory_order_relaxed));
    note_peak(of, have + bytes);
    return true;
}

}  // namespace

group* group_by_id(unsigned id) {
    if (id >= kMostGroups) return nullptr;
    group* found = groups[id].load(std::memory_order_acquire);
    return found != nullptr && found->alive.load(std::memory_order_acquire) ? found : nullptr;
}

int group_create(const char* name, size_t limit, bool of_module) {
    scoped_lock lock(groups_lock);
    unsigned id = free_id_locked();
    if (id == 0) return -ENOSPC;
    group* made = record_locked(id);
    if (made == nullptr) return -ENOMEM;
    size_t length = 0;
    for (; name[length] != '\0' && length < kGroupNameBytes - 1; length++) made->name[length] = name[length];
    for (; length < kGroupNameBytes; length++) made->name[length] = '\0';
    made->peak.store(0, std::memory_order_relaxed);
    made->failures.store(0, std::memory_order_relaxed);
    made->limit.store(limit, std::memory_order_relaxed);
    made->of_module = of_module;
    made->alive.store(true, std::memory_order_release);
    groups_in_use = true;
    return static_cast<int>(id);
}

void group_discard(group* ended) {
    scoped_lock lock(groups_lock);
    ended->alive.store(false, std::memory_order_relaxed);
}

bool group_has_room(const group& of, size_t bytes) {
    return fits(of, of.bytes.load(std::memory_order_relaxed), bytes);
}

bool group_charge(group& of, size_t bytes, bool must) {
    if (!charge_bytes(of, bytes, must)) return false;
    of.objects.fetch_add(1, std::memory_order_relaxed);
    return true;
}

bool group_charge_more(group& of, size_t bytes) { return charge_bytes(of, bytes, false); }

void group_uncharge_some(group& of, size_t bytes) { of.bytes.fetch_sub(bytes, std::memory_order_relaxed); }

void group_uncharge(group& of, size_t bytes) {
    of.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    // Who ends the group reads this first.
    of.objects.fetch_sub(1, std::memory_order_release);
}

kmem_cache* child_cache(const kmem_cache* root, unsigned id) {
    const child_table* table = root->children.load(std::memory_order_acquire);
    return table != nullptr && id < table->count ? table->child[id].load(std::memory_order_acquire) : nullptr;
}

namespace {

child_table* grown_table(child_table* smaller, unsigned id) {
    uint32_t count = smaller == nullptr ? kFirstChildren : smaller->count;
    while (count <= id) count = count * 2 + 1;
    auto* table = static_cast<child_table*>(metadata_allocate(table_bytes(count)));
    if (table == nullptr) return nullptr;
    table->smaller = smaller;
    table->count = count;
    for (uint32_t i = 0; i < count; i++) {
        kmem_cache* child = smaller != nullptr && i < smaller->count ? smaller->child[i].load(std::memory_order_relaxed) : nullptr;
        new (&table->child[i]) std::atomic<kmem_cache*>{child};
    }
    return table;
}

}  // namespace

bool set_child_cache_locked(kmem_cache* root, unsigned id, kmem_cache* child) {
    child_table* table = root->children.load(std::memory_order_relaxed);
    if (table == nullptr || id >= table->count) {
        table = grown_table(table, id);
        if (table == nullptr) return false;
        root->children.store(table, std::memory_order_release);
    }
    table->child[id].store(child, std::memory_order_release);
    return true;
}

kmem_cache* take_child_cache(kmem_cache* root, unsigned id) {
    scoped_lock lock(groups_lock);
    child_table* table = root->children.load(std::memory_order_relaxed);
    return table != nullptr && id < table->count ? table->child[id].exchange(nullptr, std::memory_order_relaxed) : nullptr;
}

void release_child_table(kmem_cache* root) {
    child_table* table = root->children.exchange(nullptr, std::memory_order_relaxed);
    while (table != nullptr) {
        child_table* smaller = table->smaller;
        metadata_free(table, table_bytes(table->count));
        table = smaller;
    }
}

}  // namespace kslab
