#include "malloc/fork.h"

#include "api/mempool.h"
#include "cache/group.h"
#include "debug/report/finding.h"
#include "debug/heap_locks.h"
#include "debug/process.h"
#include "kmalloc/module_groups.h"
#include "kmalloc/shrinkers.h"
#include "kmalloc/stats.h"
#include "pages/page_allocator.h"
#include "thread/rcu.h"

// Of libc, not in every one. _IO_list_lock is recursive; fork itself takes it after the handlers, and before its
// own malloc's locks, because getline holds a stream's lock while it allocates: so it comes before ours as well.
extern "C" {
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void* dso);
extern void* __dso_handle __attribute__((visibility("hidden"), weak));  // of gcc's start files, which the shared library does without
}

namespace kslab {

namespace {

// A single thread cannot meet a lock that another holds; but its signal handler may fork while it is itself in
// malloc, with locks that it will release when the handler returns. Then nothing is locked, and nothing reset;
// nor in a handler of SIGABRT, when malloc itself aborts.
bool locked;
bool report_locked, stats_locked, shrinkers_locked, modules_locked, groups_locked;

void prepare() {
    locked = !host_single_threaded() && fork_owner.load(std::memory_order_relaxed) != host_thread_token();
    if (!locked) return;
    if (&_IO_list_lock != nullptr && &_IO_list_unlock != nullptr) _IO_list_lock();
    mempool_locks_take();
    report_locked = report_lock.lock();
    stats_locked = stats_lock.lock();
    shrinkers_locked = shrinkers_lock.lock();
    modules_locked = module_groups_lock.lock();
    groups_locked = groups_lock.lock();
    heap_locks_take();
}

void parent() {
    if (!locked) return;
    heap_locks_release();
    groups_lock.unlock(groups_locked);
    module_groups_lock.unlock(modules_locked);
    shrinkers_lock.unlock(shrinkers_locked);
    stats_lock.unlock(stats_locked);
    report_lock.unlock(report_locked);
    mempool_locks_release();
    if (&_IO_list_lock != nullptr && &_IO_list_unlock != nullptr) _IO_list_unlock();
}

// libc has reset its own lock by now.
void child() {
    if (locked) {
        heap_locks_reset();
        groups_lock.reset();
        module_groups_lock.reset();
        shrinkers_lock.reset();
        shrinkers_after_fork();
        stats_lock.reset();
        report_lock.reset();
        mempool_locks_reset();
        for_each_page_allocator([](page_allocator& pages) { pages.after_fork(); });
        threads_after_fork();
        rcu_after_fork();
    }
    if (debug_flags != 0 || debug_sampling) debug_after_fork();
}

}  // namespace

// As pthread_atfork, whose code each library carries, on a page of its own.
void fork_handlers_init() { __register_atfork(prepare, parent, child, &__dso_handle); }

}  // namespace kslab
