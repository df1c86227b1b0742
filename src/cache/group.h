// Groups: objects that are counted together, and limited together. The kernel's memory cgroups, as far as slab.c knows
// them.
//
//   bytes    sum of what the group's objects take: an object of a cache its stride, a large allocation its pages
//   bytes <= limit whenever an object is charged, but for __GFP_NOFAIL; 0: no limit
//   peak     the most that bytes ever was
//
// An object of a group is one of a child cache, made for a pair of root cache and group, or a large run that names the
// group: whoever frees it finds the group by the object. It is uncharged when it has left its user's hands for good, so that
// a group without objects has nobody in its child caches.
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

inline constexpr unsigned kMostGroups = 1024;  // number 0 is no group
inline constexpr size_t kGroupNameBytes = 32;

struct alignas(kCacheLine) group {
    std::atomic<size_t> bytes{0};
    std::atomic<size_t> objects{0};
    std::atomic<size_t> peak{0};
    std::atomic<size_t> failures{0};  // refused for the limit, or because memory was short
    std::atomic<size_t> limit{0};
    std::atomic<bool> alive{false};
    bool of_module = false;  // lives as long as the process (kmalloc/module_groups.h)
    unsigned id = 0;
    char name[kGroupNameBytes] = {};
};

// Guards making and ending groups and child caches.
extern mutex groups_lock;

// Whether there was ever a group, or there will be for each module: until then nobody looks for any.
extern relaxed<bool> groups_in_use;

// Null when there is none of that number, or `id` is 0.
group* group_by_id(unsigned id);

// A new group; its id, or a negative errno: ENOSPC, ENOMEM. The name is cut to what there is room for.
int group_create(const char* name, size_t limit, bool of_module = false);
// Nobody is in it, and it has no objects and no child caches. The record stays, for the next group of that id: others may
// be reading it.
void group_discard(group* ended);

// Whether that many bytes stay within the limit.
bool group_has_room(const group& of, size_t bytes);
// What was allocated. False when it would exceed the limit and `must` is not set.
bool group_charge(group& of, size_t bytes, bool must);
// Objects that grow or shrink: the count of objects stays.
bool group_charge_more(group& of, size_t bytes);
void group_uncharge_some(group& of, size_t bytes);
// The last that its caller does with the object.
void group_uncharge(group& of, size_t bytes);
inline void group_note_failure(group& of) { of.failures.fetch_add(1, std::memory_order_relaxed); }

// ---- Child caches, by root and group.

// Whether objects of the cache are charged: malloc's, and those of users' caches with SLAB_ACCOUNT. Not under debugging,
// whose objects are not split up.
inline bool is_charged(const kmem_cache* cache) {
    return cache->debug == 0 && (cache->flags & (kCacheGeneral | SLAB_ACCOUNT)) != 0;
}

// What is there; null: none yet.
kmem_cache* child_cache(const kmem_cache* root, unsigned id);
// With groups_lock. False when memory is short.
bool set_child_cache_locked(kmem_cache* root, unsigned id, kmem_cache* child);
// Takes the child out of its root's table; null when there is none, or another thread did.
kmem_cache* take_child_cache(kmem_cache* root, unsigned id);
// With the root.
void release_child_table(kmem_cache* root);

// The children of `root`, pinned as they are visited.
template <typename F>
void for_each_child(const kmem_cache* root, F visit) {
    if (KSLAB_LIKELY(root->children.load(std::memory_order_acquire) == nullptr)) return;
    for_each_cache([&](kmem_cache* cache) {
        if (cache->root == root) visit(cache);
    });
}

}  // namespace kslab
