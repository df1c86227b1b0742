#include "malloc/fork.h"

#include <pthread.h>

#include "cache/kmem_cache.h"
#include "kmalloc/run_cache.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"
#include "thread/thread.h"

// Of libc, not in every one. _IO_list_lock is recursive; fork itself takes it after the handlers, and before its
// own malloc's locks, because getline holds a stream's lock while it allocates: so it comes before ours as well.
extern "C" {
extern char __libc_single_threaded __attribute__((weak));
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
}

namespace kslab {

namespace {

// A single thread cannot meet a lock that another holds; but its signal handler may fork while it is itself in
// malloc, with locks that it will release when the handler returns. Then nothing is locked, and nothing reset;
// nor in a handler of SIGABRT, when malloc itself aborts.
bool locked;

bool single_threaded() { return &__libc_single_threaded != nullptr && __libc_single_threaded != 0; }

// Which locks this fork really took: those of a handler of the program that forks again are held already.
struct {
    bool chain, threads, pages, map, metadata;
    bool runs[kRunCaches];
} held;

// With cache_chain_lock held.
template <typename F>
void for_each_chained(F visit) {
    for (list_head* at = cache_chain.next; at != &cache_chain; at = at->next)
        visit(KSLAB_CONTAINER_OF(at, kmem_cache, chain));
}

// All list_locks, then all shared locks: ascending rank. Within a rank nobody holds two.
void lock_caches() {
    for_each_chained([](kmem_cache* cache) { cache->node.list_lock.lock(); });
    for_each_chained([](kmem_cache* cache) { cache->node.shared.lock.lock(); });
}

void unlock_caches() {
    for_each_chained([](kmem_cache* cache) { cache->node.shared.lock.unlock(); });
    for_each_chained([](kmem_cache* cache) { cache->node.list_lock.unlock(); });
}

void prepare() {
    locked = !single_threaded() && fork_owner.load(std::memory_order_relaxed) != host_thread_token();
    if (!locked) return;
    if (&_IO_list_lock != nullptr && &_IO_list_unlock != nullptr) _IO_list_lock();
    check_ranks(false);
    held.chain = cache_chain_lock.lock();
    held.threads = thread_list_lock.lock();
    lock_caches();
    run_cache_lock_all(held.runs);
    held.pages = all_pages.lock().lock();
    held.map = page_map_lock.lock();
    held.metadata = metadata_lock.lock();
    // From here on this thread may enter what it holds.
    fork_owner.store(host_thread_token(), std::memory_order_relaxed);
}

void parent() {
    if (!locked) return;
    fork_owner.store(0, std::memory_order_relaxed);
    metadata_lock.unlock(held.metadata);
    page_map_lock.unlock(held.map);
    all_pages.lock().unlock(held.pages);
    run_cache_unlock_all(held.runs);
    unlock_caches();
    thread_list_lock.unlock(held.threads);
    cache_chain_lock.unlock(held.chain);
    check_ranks(true);
    if (&_IO_list_lock != nullptr && &_IO_list_unlock != nullptr) _IO_list_unlock();
}

// libc has reset its own lock by now.
void child() {
    if (!locked) return;
    fork_owner.store(0, std::memory_order_relaxed);
    metadata_lock.reset();
    page_map_lock.reset();
    all_pages.lock().reset();
    run_cache_reset_locks();
    for_each_chained([](kmem_cache* cache) {
        cache->node.shared.lock.reset();
        cache->node.list_lock.reset();
        cache->pins = 0;
    });
    thread_list_lock.reset();
    cache_chain_lock.reset();
    check_ranks(true);
    all_pages.after_fork();
    threads_after_fork();
}

}  // namespace

void fork_handlers_init() { pthread_atfork(prepare, parent, child); }

}  // namespace kslab
