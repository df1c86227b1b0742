// Which group an allocation belongs to, the child caches, and what a limit does.
//
//   cache_alloc → group_of_call: the thread's group, or (KSLAB_GROUPS=modules) that of the module that calls
//     → child_for: of root and group, made on demand → its arrays and slabs → charged, or given back and refused
#pragma once
#include "cache/group.h"
#include "kmalloc/kmalloc.h"
#include "pages/run.h"

namespace kslab {

// Null: in none.
group* group_of_call(const call& how);

// The child cache that serves a group, made when it is not there; null when memory is short.
kmem_cache* child_for(kmem_cache* root, group& of);

// Whether so many bytes more are allowed, after the program's shrinkers gave up what they can spare, where the flags let
// them. False: the failure has been counted.
bool group_make_room(group& of, size_t bytes, gfp_t gfp);

// Large runs in use keep the group's number in run::stamp, which means nothing else then; set for every one.
inline void set_large_group(run* r, unsigned id) { r->stamp = id; }
inline group* group_of_large(const run* r) { return KSLAB_UNLIKELY(groups_in_use) ? group_by_id(r->stamp) : nullptr; }

// The rest of a child cache's life. Nobody uses it any more; false when objects of it are in use: it stays then.
bool destroy_child(kmem_cache* child);
// The children of a root that is off the chain and goes; how many objects of them are in use.
size_t destroy_children_of(kmem_cache* root);
// The children of all roots for a group without objects.
void destroy_children_for(const group& ended);

// Objects of the cache, not its children, that are out of their slabs.
size_t objects_out(kmem_cache* cache);

}  // namespace kslab
