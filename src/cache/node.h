// What threads ask of a cache's nodes. All functions take their locks themselves, unless they end in _locked.
//
// node_take:  shared array → slabs_partial → slabs_free → cache_grow
// node_give:  shared array → free_block → its slab → slabs_free, over free_limit → page allocator
//             objects of other nodes: alien array → the other node's shared array → its slabs
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

// Puts up to `count` objects of node `n` at `out`, so that the last one has the lowest address where they come from
// slabs; at least one unless memory is short. Returns how many.
unsigned node_take(kmem_cache* cache, unsigned n, void** out, unsigned count, gfp_t gfp);

// The same from whatever node has some, `home` first; with __GFP_THISNODE from there only.
unsigned cache_take(kmem_cache* cache, unsigned home, void** out, unsigned count, gfp_t gfp);

// Takes `count` objects back from a thread of node `home`. With `past_shared` they go to their slabs at once.
void node_give(kmem_cache* cache, unsigned home, void* const* objects, unsigned count, bool past_shared);

// Returns objects to their slabs, on whatever nodes; proves on the way that each is one, and was not free. Reports
// and aborts otherwise, with no lock held.
void free_block(kmem_cache* cache, void* const* objects, unsigned count);

// Adds one slab to slabs_free of node `n`; false when memory is short.
bool cache_grow(kmem_cache* cache, unsigned n, gfp_t gfp);

// Empties the shared array into the slabs.
void drain_shared(kmem_cache* cache, cache_node& node);
inline void drain_shared(kmem_cache* cache) {
    for_each_node(cache, [cache](cache_node& node) { drain_shared(cache, node); });
}

// Sends what `node` has collected of node `to` there: into the shared array first, the rest to the slabs. With `wait`
// false nothing happens when another thread has the array's lock.
void drain_alien(kmem_cache* cache, cache_node& node, unsigned to, bool wait);
void drain_aliens(kmem_cache* cache);
// How many objects of other nodes wait here.
size_t waiting_aliens(const cache_node& node);

// Destroys up to `count` slabs of slabs_free; returns how many.
size_t drain_slabs_free(cache_node& node, size_t count);

// Gives back whole pages inside partial slabs whose objects are all free; how many pages. `many`: only of slabs that have a
// quarter of their pages to give in one look; `many_in_fours`: counting only pages in rows of four and more.
enum class pages_wanted : uint8_t { all, many, many_in_fours };
size_t purge_slab_pages(kmem_cache* cache);
size_t purge_slab_pages(kmem_cache* cache, cache_node& node, pages_wanted wanted);
// After so many objects came back to the node's slabs: now and then such pages are looked for, where it pays (reap.cpp).
void purge_if_much_is_free(kmem_cache* cache, cache_node& node, unsigned count);

// Everything that no thread holds: alien and shared arrays, slabs_free. True when no slab is left.
bool cache_shrink_node(kmem_cache* cache);

// One step of the kernel's cache_reap for this node, at `now` milliseconds.
void reap_node(kmem_cache* cache, cache_node& node, uint64_t now);

// The kernel's tunables: the largest array, how many objects move at a time, how many batches the shared array holds. The
// caller has checked them, and holds tuning_lock if others know the cache. False when memory is short: nothing has
// changed then.
extern mutex tuning_lock;
bool cache_set_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared_factor);
// Of a cache that nobody knows yet, whose later slabs hold `num` objects: there are no arrays to replace, and nothing can fail.
void cache_first_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared_factor, size_t num);

// ---- Used by the files of this room.
// Objects on their way from one place to another lie on the stack, so many at a time.
inline constexpr unsigned kOnTheWay = 30;
enum class list_end : uint8_t { head, tail };
// Puts the slab on the list that its inuse asks for. With the list_lock, as the next one.
void slab_place_locked(cache_node& node, slab* s, list_end where);
void slab_unlink_locked(cache_node& node, slab* s);
// Without any lock. Of type-stable memory the slab is only deferred (deferred.h); slab_release does it at once.
void slab_destroy(slab* s);
void slab_release(slab* s);
void slabs_destroy(list_head& slabs);

// Fills `out` from the array, newest end first; what goes in comes from the oldest end of `objects`.
unsigned take_shared(shared_array& shared, void** out, unsigned count);
unsigned give_shared(shared_array& shared, void* const* objects, unsigned count);
// The memory of the entries of such an array.
constexpr size_t entries_bytes(uint32_t limit) { return (limit == 0 ? 1 : limit) * sizeof(void*); }
// When the cache is destroyed.
void release_alien_arrays(cache_node& node);
// Objects of other nodes leave `objects` for the alien arrays of `home`; how many are left, in their order.
unsigned sort_out_aliens(kmem_cache* cache, unsigned home, void** objects, unsigned count);

}  // namespace kslab
