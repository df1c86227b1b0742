#include "debug/heap_locks.h"

#include "cache/deferred.h"
#include "cache/node.h"
#include "debug/guard/guard.h"
#include "debug/object/objects.h"
#include "debug/object/quarantine.h"
#include "debug/stack/stack_depot.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"
#include "thread/rcu.h"

namespace kslab {

namespace {

// Which locks were really taken: a thread that aborts enters what it holds already (cache/bad_free.cpp). Written by
// the holder of all.
struct {
    bool tuning, chain, threads, deferred, callbacks, runs_of_debugging, quarantine, guard, pages, map, stacks, metadata;
    bool objects[kObjectLocks];
    uintptr_t former_owner;
} held;

// With cache_chain_lock held.
template <typename F>
void for_each_chained(F visit) {
    for (list_head* at = cache_chain.next; at != &cache_chain; at = at->next)
        visit(KSLAB_CONTAINER_OF(at, kmem_cache, chain));
}

template <typename F>
void for_each_chained_node(F visit) {
    for_each_chained([visit](kmem_cache* cache) { for_each_node(cache, visit); });
}

// With the node's shared lock, as alien arrays are made.
template <typename F>
void for_each_alien(cache_node& node, F visit) {
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    for (unsigned n = 0; arrays != nullptr && n < nr_nodes; n++) visit(arrays[n]);
}

// All list_locks, then all shared locks, then the aliens': ascending rank. Within a rank nobody holds two.
void lock_caches() {
    for_each_chained_node([](cache_node& node) { node.list_lock.lock(); });
    for_each_chained_node([](cache_node& node) { node.shared.lock.lock(); });
    for_each_chained_node([](cache_node& node) { for_each_alien(node, [](shared_array& a) { a.lock.lock(); }); });
}

void unlock_caches() {
    for_each_chained_node([](cache_node& node) { for_each_alien(node, [](shared_array& a) { a.lock.unlock(); }); });
    for_each_chained_node([](cache_node& node) { node.shared.lock.unlock(); });
    for_each_chained_node([](cache_node& node) { node.list_lock.unlock(); });
}

void lock_debugging() {
    held.runs_of_debugging = debug_runs_lock.lock();
    for (unsigned i = 0; i < kObjectLocks; i++) held.objects[i] = object_lock_at(i).lock();
    held.quarantine = quarantine_lock.lock();
    held.guard = guard_lock.lock();
}

void unlock_debugging() {
    guard_lock.unlock(held.guard);
    quarantine_lock.unlock(held.quarantine);
    for (unsigned i = kObjectLocks; i-- > 0;) object_lock_at(i).unlock(held.objects[i]);
    debug_runs_lock.unlock(held.runs_of_debugging);
}

void reset_debugging() {
    guard_lock.reset();
    quarantine_lock.reset();
    for (unsigned i = 0; i < kObjectLocks; i++) object_lock_at(i).reset();
    debug_runs_lock.reset();
}

}  // namespace

void heap_locks_take() {
    check_ranks(false);
    held.tuning = tuning_lock.lock();
    held.chain = cache_chain_lock.lock();
    held.threads = thread_list_lock.lock();
    lock_caches();
    held.deferred = deferred_lock.lock();
    held.callbacks = rcu_callbacks_lock.lock();
    lock_debugging();
    held.pages = page_allocator::lock().lock();
    held.map = page_map_lock.lock();
    held.stacks = stack_depot_lock.lock();
    held.metadata = metadata_lock.lock();
    // From here on this thread may enter what it holds.
    held.former_owner = fork_owner.load(std::memory_order_relaxed);
    fork_owner.store(host_thread_token(), std::memory_order_relaxed);
}

void heap_locks_release() {
    fork_owner.store(held.former_owner, std::memory_order_relaxed);
    metadata_lock.unlock(held.metadata);
    stack_depot_lock.unlock(held.stacks);
    page_map_lock.unlock(held.map);
    page_allocator::lock().unlock(held.pages);
    unlock_debugging();
    rcu_callbacks_lock.unlock(held.callbacks);
    deferred_lock.unlock(held.deferred);
    unlock_caches();
    thread_list_lock.unlock(held.threads);
    cache_chain_lock.unlock(held.chain);
    tuning_lock.unlock(held.tuning);
    check_ranks(true);
}

void heap_locks_reset() {
    fork_owner.store(0, std::memory_order_relaxed);
    metadata_lock.reset();
    stack_depot_lock.reset();
    page_map_lock.reset();
    page_allocator::lock().reset();
    reset_debugging();
    rcu_callbacks_lock.reset();
    deferred_lock.reset();
    for_each_chained_node([](cache_node& node) {
        for_each_alien(node, [](shared_array& alien) { alien.lock.reset(); });
        node.shared.lock.reset();
        node.list_lock.reset();
    });
    for_each_chained([](kmem_cache* cache) { cache->pins = 0; });
    thread_list_lock.reset();
    cache_chain_lock.reset();
    tuning_lock.reset();
    check_ranks(true);
}

}  // namespace kslab
