// What threads ask of a cache's node. All functions take their locks themselves, unless they end in _locked.
//
// node_take:  shared array → slabs_partial → slabs_free → cache_grow
// node_give:  shared array → free_block → slab_put_obj → slabs_free, over free_limit → page allocator
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

// Puts up to `count` objects at `out`, so that the last one has the lowest address where they come from
// slabs; at least one unless memory is short. Returns how many.
unsigned node_take(kmem_cache* cache, void** out, unsigned count);

// Takes `count` objects back. With `past_shared` they go to their slabs at once.
void node_give(kmem_cache* cache, void* const* objects, unsigned count, bool past_shared);

// Returns objects to their slabs; proves on the way that each is one, and was not free. Reports and aborts
// otherwise, with no lock held.
void free_block(kmem_cache* cache, void* const* objects, unsigned count);

// Adds one slab to slabs_free; false when memory is short.
bool cache_grow(kmem_cache* cache);

// Empties the shared array into the slabs.
void drain_shared(kmem_cache* cache);

// Destroys up to `count` slabs of slabs_free; returns how many.
size_t drain_slabs_free(kmem_cache* cache, size_t count);

// Gives back whole pages inside partial slabs whose objects are all free; how many pages.
size_t purge_slab_pages(kmem_cache* cache);

// Everything that no thread holds: shared array, slabs_free. True when no slab is left.
bool cache_shrink_node(kmem_cache* cache);

// The memory of an empty shared array, when its cache is destroyed.
void cache_release_shared(kmem_cache* cache);

// One step of the kernel's cache_reap for this node, at `now` milliseconds.
void reap_node(kmem_cache* cache, uint64_t now);

// ---- Used by the files of this room.
void slab_unlink(cache_node& node, slab* s);  // with the list_lock
void slab_destroy(slab* s);                   // without; deferred where the cache is type-stable
void slab_release(slab* s);                   // without; at once
void slabs_destroy(list_head& slabs);         // without

}  // namespace kslab
