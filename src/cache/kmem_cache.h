// A cache of objects of one size, and its nodes: the slabs and what threads share.
//
// An object is in exactly one place: free in its slab, in one thread's array, in a shared or an alien array, or
// with the user. Every slab of a node is on exactly one of slabs_partial, slabs_full, slabs_free, chosen by inuse.
// Over a node's slabs the free objects sum up to free_objects.
#pragma once
#include "kslab/gfp.h"
#include "kslab/slab_flags.h"

#include "base/host.h"
#include "base/mutex.h"
#include "base/relaxed.h"
#include "config/debug_switches.h"
#include "check/place.h"
#include "slab/slab.h"

// The public header's name for kslab::kmem_cache.
struct kmem_cache;

namespace kslab {

// What is set aside beyond KSLAB_LIMIT is for those that cannot wait.
constexpr bool may_use_reserve(gfp_t gfp) {
    return (gfp & (__GFP_HIGH | __GFP_MEMALLOC)) != 0 && (gfp & __GFP_NOMEMALLOC) == 0;
}

// Nodes: those of the machine, or as many as KSLAB_NODES divides it into.
inline constexpr unsigned kMaxNodes = 16;
extern unsigned nr_nodes;
// They are the machine's, and there are several: slabs are bound to theirs.
extern bool nodes_are_real;

// Objects on their way from thread to thread: filled by flush, emptied by refill, a copy each. Also the alien
// arrays, which wait to go to another node.
struct shared_array {
    constexpr explicit shared_array(lock_rank rank) : lock(rank) {}
    mutex lock;
    relaxed<uint32_t> avail;
    uint32_t limit = 0;
    void** entry = nullptr;  // made at the first flush
};

struct alignas(kCacheLine) cache_node {
    mutex list_lock{lock_rank::list_lock};
    list_head slabs_partial{};
    list_head slabs_full{};
    list_head slabs_free{};
    relaxed<size_t> free_objects;
    relaxed<size_t> free_limit;
    relaxed<size_t> num_slabs;
    relaxed<size_t> num_free;  // on slabs_free
    relaxed<size_t> num_objects;
    relaxed<size_t> num_pages;
    uint32_t colour_next = 0;
    bool free_touched = false;   // slabs_free was used since the last reap
    bool pages_purged = false;   // whole free pages were given back since the last refill
    relaxed<size_t> net_returned;  // objects that came back, less those taken, since whole free pages were looked for
    relaxed<size_t> since_asked;   // objects that came back since it was asked whether much is free
    // Pages that are given back and then used again cost more than they save: the next look comes later.
    relaxed<uint32_t> pages_went;  // at the last look; 0: none, or half of them have come back
    relaxed<uint32_t> pages_back;  // since then
    relaxed<uint8_t> patience;     // doublings of what has to come back before the next look
    relaxed<uint32_t> flushes;   // since the last refill by any thread
    uint64_t next_reap = 0;      // 0: not looked at yet
    // Of the kernel's statistics; with the list_lock, but for those of the alien arrays.
    relaxed<size_t> grown;
    relaxed<size_t> reaped;
    relaxed<size_t> allocs;        // objects that left slabs
    relaxed<size_t> max_freeable;  // most slabs on slabs_free
    std::atomic<size_t> node_allocs{0};    // asked for by kmem_cache_alloc_node from another node
    std::atomic<size_t> node_frees{0};     // objects of other nodes that threads of this one freed
    std::atomic<size_t> node_overflow{0};  // alien arrays that were full
    uint8_t id = 0;
    // One for each node (its own unused), made with the first object of another node that is freed here.
    std::atomic<shared_array*> alien{nullptr};
    shared_array shared{lock_rank::shared};
};
static_assert(sizeof(cache_node) <= 256);
static_assert(__builtin_offsetof(cache_node, shared) / kCacheLine != 0, "who passes objects on does not write the line of list_lock");

// Internal, beside the public flags (kslab/slab_flags.h).
inline constexpr unsigned long kCacheGeneral = 0x1;  // a size class of kmalloc
inline constexpr unsigned long kCacheNatural = 0x2;  // aligned by its size under debugging, too (kmalloc/twins.h)
inline constexpr unsigned long kCacheWholePages = 0x4;  // a size class beyond kFastMaximum: the slab is the object

inline constexpr size_t kCacheNameBytes = 32;

// Why every operation on a cache takes the slow path, besides debugging.
enum slow_reason : uint8_t {
    kSlowStats = 1,    // KSLAB_STATS: hits are counted
    kSlowVerify = 2,   // SLAB_DEBUG_INITIAL: the constructor looks at every object that is freed
    kSlowAccount = 4,  // SLAB_ACCOUNT: the object's cache may be one of a group
};

// Exact with KSLAB_STATS=1, otherwise 0.
struct cache_counts {
    std::atomic<size_t> alloc_hit{0}, alloc_miss{0}, free_hit{0}, free_miss{0};
};

// A name under which the cache was asked for once more.
struct cache_alias {
    cache_alias* next;
    char name[kCacheNameBytes];
};

// Constructor and destructor of Linux 2.6.
using legacy_ctor = void (*)(void* object, struct ::kmem_cache* cache, unsigned long flags);

struct group;
struct child_table;

struct kmem_cache {
    uint32_t vector_offset;  // index * sizeof(array_slot); first, for kslab/inline.h
    uint32_t size;         // stride; with debugging that of the places (check/place.h)
    relaxed<uint32_t> object_size;  // what was asked for; of users that share the cache the largest
    uint32_t align;
    uint32_t plain_size, plain_align;  // what they were without debugging
    uint32_t reciprocal;
    uint16_t slot;   // page-map value: offset of the array in thread_cache, 0 for users' caches
    uint16_t index;  // into the thread's vector, for caches without a slot
    // Tunables, as in slabinfo. Arrays grow up to the limit; when tuned by hand they have it at once.
    relaxed<uint16_t> limit;
    relaxed<uint16_t> batchcount;
    relaxed<uint16_t> shared_factor;
    relaxed<bool> tuned;
    uint8_t slow;                  // slow_reason
    relaxed<uint32_t> generation;  // of the last drain or tuning that threads have to obey (thread/reap.cpp)
    std::atomic<uint32_t> spread_next; // SLAB_MEM_SPREAD: the node of the next refill
    unsigned long flags;
    uint32_t debug;  // debug_flag; fixed. Objects of such a cache are never in arrays
    uint32_t left;   // bytes of a place before its object: the redzone; 0 without debugging
    void (*ctor)(void*);
    legacy_ctor ctor_2_6;
    legacy_ctor dtor;
    list_head chain;
    uint32_t pins;      // visitors of for_each_cache; cache_chain_lock
    int refcount;       // users that share the cache; cache_chain_lock
    bool lost_users;    // some left while others stay: it is not known which names are still in use; cache_chain_lock
    cache_alias* alias; // cache_chain_lock
    // Of a child cache (cache/group.h) its root and its group, otherwise null; of a root its children.
    kmem_cache* root;
    group* owner;
    std::atomic<child_table*> children{nullptr};
    char name[kCacheNameBytes];
    size_t in_arrays;  // a sum of kmalloc/stats.cpp
    relaxed<size_t> high;    // most objects ever out of their slabs
    relaxed<size_t> errors;  // found by the validator
    cache_counts counts;
    size_t deferred;   // slabs that wait for readers (deferred.h); deferred_lock
    cache_node* more;  // nodes beyond number 0
    cache_node node;   // number 0

    cache_node& at(unsigned n) { return KSLAB_LIKELY(n == 0) ? node : more[n - 1]; }
    const cache_node& at(unsigned n) const { return KSLAB_LIKELY(n == 0) ? node : more[n - 1]; }
    bool constructs() const { return ctor != nullptr || ctor_2_6 != nullptr; }
};
static_assert(sizeof(kmem_cache) <= 512, "each process writes one for each size class at its start");

// Every cache, the general ones first. Guarded by cache_chain_lock.
extern list_head cache_chain;
extern mutex cache_chain_lock;

struct cache_config {
    slab_geometry geometry = slab_geometry::kslab;
    unsigned cpus = 1;
    bool merge = true;
    bool stats = false;
};
extern cache_config cache_settings;

inline bool of_whole_pages(const kmem_cache* cache) { return (cache->flags & kCacheWholePages) != 0; }
// How many objects a thread's array of such a cache holds at most, unless it is tuned; those with a slot have no room for more.
unsigned most_in_array(size_t size, unsigned long flags);
// In a process of one thread few of these wait behind the arrays: in the page allocator the pages serve all sizes.
inline bool straight_to_pages(const kmem_cache* cache) { return of_whole_pages(cache) && host_single_threaded(); }

// Cut to what there is room for.
void copy_cache_name(char* to, const char* from);

// Once, before the first cache.
void cache_boot(const cache_config& config);

struct cache_request {
    const char* name;
    size_t size;
    size_t align = 0;  // 0: what the size allows
    unsigned long flags = 0;
    void (*ctor)(void*) = nullptr;
    legacy_ctor ctor_2_6 = nullptr;
    legacy_ctor dtor = nullptr;
    uint16_t slot = 0;
    uint32_t debug = 0;
};

// What a request leads to, with `debug` in place of its own debug flags.
struct object_spacing {
    uint32_t size;   // stride
    uint32_t align;
    uint32_t left;   // redzone before the object
};
object_spacing space_objects(const cache_request& request, uint32_t debug);

// The flags that KSLAB_DEBUG gives to a cache about to be made, O applied.
uint32_t cache_debug_flags(const debug_switches& switches, const cache_request& request);

// Pins and returns the cache behind `cache`, or the first; unpins `cache`.
kmem_cache* cache_chain_next(kmem_cache* cache);

// The cache that a like request may share (flags of both taken into account), which then has one more user and
// alias; null: there is none. `duplicate`: a cache of that name exists that cannot be shared.
kmem_cache* cache_find_mergeable(const cache_request& request, bool& duplicate);
// Drops one user; false when there are others left. Of the last one the cache can no longer be found by
// cache_find_mergeable; who does not destroy it after all gives it its user back with cache_chain_add.
bool cache_drop_user(kmem_cache* cache);
// The names of its aliases, the newest first, up to `most`; how many there are.
size_t cache_copy_aliases(const kmem_cache* cache, char (*names)[kCacheNameBytes], size_t most);

// Fills in a zeroed cache. The caller has checked the request, and gives it a slot or an index. False when memory is short.
bool cache_setup(kmem_cache* cache, const cache_request& request);
// The memory that setup and use took, when nothing is in the slabs any more.
void cache_release_records(kmem_cache* cache);

// Puts a new cache on the chain; false when a duplicate came meanwhile.
bool cache_chain_add_new(kmem_cache* cache, const cache_request& request);
void cache_chain_add(kmem_cache* cache);
// Waits until nobody visits the cache, and takes it off the chain.
void cache_chain_remove(kmem_cache* cache);

// All nodes of a cache.
template <typename F>
void for_each_node(kmem_cache* cache, F visit) {
    for (unsigned n = 0; n < nr_nodes; n++) visit(cache->at(n));
}

// Visits all caches. No lock is held meanwhile: the cache that is visited is pinned instead.
template <typename F>
void for_each_cache(F visit) {
    kmem_cache* cache = nullptr;
    while ((cache = cache_chain_next(cache)) != nullptr) visit(cache);
}

// What the program knows the cache by: of a child cache that is the root.
inline struct ::kmem_cache* cache_of_user(kmem_cache* cache) {
    return reinterpret_cast<struct ::kmem_cache*>(cache->root != nullptr ? cache->root : cache);
}

// Calls the cache's constructor, if it has one.
void construct_object(kmem_cache* cache, void* object, gfp_t gfp);

// The object with that index; with debugging behind its redzone.
inline void* object_in_slab(const slab* s, uint32_t index) {
    return static_cast<char*>(index_to_obj(s, index, s->cache->size)) + s->cache->left;
}

// The place of the object with that index in a slab of a cache under debugging.
place place_in_slab(slab* s, uint32_t index);

// The layout of the next slab of `cache`.
slab_layout cache_layout(const kmem_cache* cache, size_t slabs_so_far);

}  // namespace kslab
