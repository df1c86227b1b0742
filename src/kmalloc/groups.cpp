#include "kmalloc/groups.h"

#include <new>

#include "base/format.h"
#include "cache/node.h"
#include "kmalloc/module_groups.h"
#include "kmalloc/shrinkers.h"
#include "pages/meta_arena.h"
#include "thread/group.h"
#include "thread/rcu.h"

namespace kslab {

group* group_of_call(const call& how) {
    thread_cache* thread = attached_thread();
    unsigned id = thread == nullptr ? 0 : group_of_thread(thread);
    // What kslab itself asks for, on whoever's behalf, says no caller.
    if (id == 0 && by_module && how.caller != nullptr) id = module_group(how.caller);
    return id == 0 ? nullptr : group_by_id(id);
}

namespace {

// "kmalloc-64(3:render)".
void name_child(const kmem_cache* root, const group& of, char* name) {
    text out(name, kCacheNameBytes - 1);
    out.put(root->name).put('(').dec(of.id).put(':').put(of.name).put(')');
    name[out.length()] = '\0';
}

void discard(kmem_cache* child) {
    cache_release_records(child);
    thread_release_index(child);
    metadata_free(child, sizeof(kmem_cache));
}

kmem_cache* make_child(kmem_cache* root, group& of) {
    void* memory = metadata_allocate(sizeof(kmem_cache));
    if (memory == nullptr) return nullptr;
    char name[kCacheNameBytes];
    name_child(root, of, name);
    auto* child = new (memory) kmem_cache{};
    child->root = root;
    child->owner = &of;
    // Half of the indices are for the program's own caches. A child that gets none does without arrays.
    thread_assign_index(child, kMaxVectorCaches / 2);
    cache_request like_root{.name = name,
                            .size = root->object_size,
                            .align = root->align,
                            .flags = root->flags,
                            .ctor = root->ctor,
                            .ctor_2_6 = root->ctor_2_6,
                            .dtor = root->dtor};
    bool made = cache_setup(child, like_root) &&
                cache_set_tunables(child, root->limit, root->batchcount, root->shared_factor);
    if (!made) return discard(child), nullptr;
    child->tuned = static_cast<bool>(root->tuned);
    return child;
}

}  // namespace

kmem_cache* child_for(kmem_cache* root, group& of) {
    if (kmem_cache* child = child_cache(root, of.id)) return child;
    kmem_cache* made = make_child(root, of);
    if (made == nullptr) return nullptr;
    kmem_cache* child;
    {
        scoped_lock lock(groups_lock);
        child = child_cache(root, of.id);
        if (child == nullptr && set_child_cache_locked(root, of.id, made)) {
            cache_chain_add(made);
            return made;
        }
    }
    discard(made);
    return child;
}

bool group_make_room(group& of, size_t bytes, gfp_t gfp) {
    constexpr gfp_t kAsks = __GFP_WAIT | __GFP_NORETRY;
    constexpr unsigned kAttempts = 2;
    if ((gfp & __GFP_NOFAIL) != 0) return true;
    for (unsigned attempt = 0; !group_has_room(of, bytes); attempt++) {
        bool may_ask = (gfp & kAsks) == __GFP_WAIT && attempt < kAttempts;
        if (!may_ask || !shrinkers_call(gfp)) return group_note_failure(of), false;
    }
    return true;
}

size_t objects_out(kmem_cache* cache) {
    size_t out = 0;
    for_each_node(cache, [&out](cache_node& node) {
        scoped_lock lock(node.list_lock);
        out += node.num_objects - node.free_objects;
    });
    return out;
}

bool destroy_child(kmem_cache* child) {
    cache_chain_remove(child);
    drain_all_arrays_of(child);
    if (!cache_shrink_node(child)) {
        cache_chain_add(child);
        return false;
    }
    if ((child->flags & SLAB_DESTROY_BY_RCU) != 0) rcu_drain_deferred(child);
    discard(child);
    return true;
}

size_t destroy_children_of(kmem_cache* root) {
    size_t out = 0;
    if (KSLAB_LIKELY(root->children.load(std::memory_order_acquire) == nullptr)) return 0;
    for (unsigned id = 1; id < kMostGroups; id++) {
        kmem_cache* child = take_child_cache(root, id);
        if (child == nullptr || destroy_child(child)) continue;
        out += objects_out(child);
        scoped_lock lock(groups_lock);
        set_child_cache_locked(root, id, child);
    }
    return out;
}

void destroy_children_for(const group& ended) {
    for_each_cache([&ended](kmem_cache* root) {
        kmem_cache* child = take_child_cache(root, ended.id);
        if (child != nullptr) destroy_child(child);
    });
}

}  // namespace kslab
