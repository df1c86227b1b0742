// The cold counterpart of thread_cache.h: making and tearing down a thread's arrays, refill and flush, and the
// limits that adapt on the way.
#pragma once
#include "cache/kmem_cache.h"
#include "thread/thread_cache.h"

namespace kslab {

// ---- Boot (single-threaded).

// How many bytes the arrays of one thread may hold.
void thread_boot(size_t thread_cache_bytes);
// Gives the next slot to a cache of this limit; call before any thread is attached.
uint16_t thread_assign_slot(unsigned limit);
// Makes the cache known to which thread_assign_slot gave that slot.
void thread_register_slot(kmem_cache* cache);

// ---- Caches without a slot have an index into each thread's vector of arrays instead.
inline constexpr unsigned kMaxVectorCaches = 4096;
// Of a cache that does without arrays.
inline constexpr uint16_t kNoVectorIndex = 0xffff;
// False when all indices are taken: it has kNoVectorIndex then.
// `most`: not from the indices beyond, which are for others.
bool thread_assign_index(kmem_cache* cache, unsigned most = kMaxVectorCaches);
// After drain_all_arrays_of.
void thread_release_index(kmem_cache* cache);

// ---- Life.

enum class thread_state : uint8_t { empty, alive, dead };
inline thread_state state_of(const thread_cache* thread) {
    if (thread == &empty_thread) return thread_state::empty;
    return thread == &dead_thread ? thread_state::dead : thread_state::alive;
}

// Gives the calling thread its arrays; null when memory is short. Boot has run.
thread_cache* thread_attach();

// Called by libc when a thread ends: drains its arrays after a round of other destructors.
void thread_exit(void* thread);

// ---- Slow operations on one array of the calling thread, which is alive.

// An object, the rest of the batch goes into the array; null when memory is short.
void* cache_alloc_refill(thread_cache* thread, kmem_cache* cache, array_cache* ac, gfp_t gfp);

// free_fast for any address: those outside the page map's home, as of heaps beyond 2 GiB, miss there.
inline bool free_fast_anywhere(void* object) {
    return array_push(array_at(current_thread, page_value(object)), object);
}

// Makes room in the array, or not, and takes the object.
void cache_flusharray(thread_cache* thread, kmem_cache* cache, array_cache* ac, void* object);

// The array of a cache without a slot, made on first use; null when memory is short or the cache does without.
array_cache* thread_vector_array(thread_cache* thread, const kmem_cache* cache);
// The array of any cache.
inline array_cache* thread_array(thread_cache* thread, const kmem_cache* cache) {
    return cache->slot != 0 ? array_at(thread, cache->slot) : thread_vector_array(thread, cache);
}

// ---- For a thread without arrays.
void* cache_alloc_direct(kmem_cache* cache, gfp_t gfp);
void cache_free_direct(kmem_cache* cache, void* object);

// ---- Nodes.

// The machine's nodes, or as many as the program asks for; before the first cache.
void nodes_boot(size_t asked);
// The node of a CPU where the machine is divided by KSLAB_NODES; NUMA_NO_NODE otherwise.
int node_of_cpu(unsigned cpu);
// Where the calling thread runs; 0 for one without arrays.
unsigned this_node();
// The node that a caller asks for; this_node() when the machine has no such node, or none is asked for.
unsigned node_for(int asked);
// For a thread that gets its arrays; and now and then, for threads wander.
void thread_deal_node(thread_cache* thread);
void thread_find_node(thread_cache* thread);

// ---- Draining.

// Returns everything that the thread's arrays hold; they stay usable.
void drain_thread(thread_cache* thread);
// Every thread drains itself at its next slow operation.
void ask_all_to_drain();
// The same for the arrays of one cache, which then also follow its tunables.
void ask_to_drain(kmem_cache* cache);
// The caller's own arrays, now; the array of one cache.
void drain_this_thread();
void drain_this_thread(kmem_cache* cache);
// A cache that nobody uses any more: what any thread's array holds of it goes back to its slabs.
void drain_all_arrays_of(kmem_cache* cache);
// What threads that vanished in a fork left behind; called by reaping, trimming, and at exit.
void drain_orphans();

// Raised by every request to drain; kmem_cache::generation says up to which a cache is concerned.
extern std::atomic<uint32_t> drain_generation;

// Counts slow operations; every few of them looks at the clock, and reaps when it is time.
void thread_tick_slow(thread_cache* thread);
inline void thread_tick(thread_cache* thread) {
    bool asked = thread->generation != drain_generation.load(std::memory_order_relaxed);
    if (KSLAB_UNLIKELY(asked || thread->countdown <= 1 || thread->refilling != 0)) return thread_tick_slow(thread);
    thread->countdown--;
}
void thread_look_at_clock(thread_cache* thread);
// Reaping beyond the threads' arrays, set by the room above: called at most every so often, by one thread.
extern void (*global_reap)(uint64_t now_ms);

// The oldest `count` entries leave the array for their node.
void array_release_oldest(const thread_cache* thread, kmem_cache* cache, array_cache* ac, unsigned count,
                          bool past_shared);

// ---- Statistics and fork.

extern mutex thread_list_lock;
// Visits the arrays of all threads with the lock held; other threads may be using theirs.
void for_each_array(void (*visit)(kmem_cache*, const array_cache*, void*), void* context);
// The same for the threads themselves.
void for_each_thread(void (*visit)(thread_cache*, void*), void* context);
// In the child of a fork, where only the calling thread is left.
void threads_after_fork();

}  // namespace kslab
