// A mutex of four bytes with a rank. States: 0 free, 1 held, 2 held and somebody sleeps.
//
// Who waits for a lock holds only locks of lower rank; debug builds (KSLAB_ASSERTS) check that. fork() takes all but
// that of booting (debug/heap_locks.cpp): while it does, the forking thread may enter a lock that it holds already,
// because handlers of the program may allocate in between. lock() then answers false and the matching
// unlock(false) does nothing, so that an inner user never releases what the fork still needs.
#pragma once
#include <atomic>

#include "base/host.h"

namespace kslab {

enum class lock_rank : uint8_t {
    mempools,     // api/mempool.cpp: the list of all pools
    mempool,      // a pool: its reserve
    boot,         // kmalloc/boot.cpp: first call
    report,       // debug/report/report.cpp: one report at a time
    stats,        // kmalloc/stats.cpp: the sums in all caches
    shrinkers,    // kmalloc/shrinkers.cpp: the list of them
    modules,      // kmalloc/module_groups.cpp: which module an address is in
    groups,       // cache/group.cpp: making and ending groups, and child caches
    tuning,       // cache/tune.cpp: one change of tunables at a time
    cache_chain,  // the list of all caches, creation and destruction
    thread_list,  // all threads' arrays
    list_lock,    // a cache_node: its slabs
    shared,       // a cache_node's shared array
    alien,        // what a cache_node has collected of another node
    deferred,     // cache/deferred.cpp: slabs that wait for readers
    callbacks,    // thread/rcu_callbacks.cpp
    debug_runs,   // debug/object/places.cpp: runs that are objects under debugging
    object,       // debug/object/places.cpp: the state of one object under debugging, by stripes
    quarantine,   // debug/object/quarantine.cpp
    guard,        // debug/guard/guard.cpp
    page_allocator,
    page_map,  // placing home, making sections and leaves
    stack_depot,  // debug/stack/stack_depot.cpp: adding a stack
    meta_arena,
};

// The thread token of a fork in progress, or of a thread that reports a bad free and aborts, whose handler of
// SIGABRT may allocate; 0 otherwise.
inline std::atomic<uintptr_t> fork_owner{0};

// The token of a thread that looks at the heap before it dies; 0 otherwise. It may wait for what it holds itself, where its signal
// came, or for a thread that stands still: after a second dying_gives_up() ends the process.
inline std::atomic<uintptr_t> dying_thread{0};
extern void (*dying_gives_up)();

#if KSLAB_ASSERTS
// Ranks that this thread holds, a bit each.
inline __thread uint32_t held_ranks __attribute__((tls_model("initial-exec")));
// Set around fork, which takes several locks of one rank, those of all caches.
inline __thread bool ranks_unchecked __attribute__((tls_model("initial-exec")));
void check_rank_order(lock_rank rank);
#endif

inline void check_ranks([[maybe_unused]] bool on) {
#if KSLAB_ASSERTS
    ranks_unchecked = !on;
    held_ranks = 0;
#endif
}

class mutex {
public:
#if KSLAB_ASSERTS
    constexpr explicit mutex(lock_rank rank) : rank_(rank) {}
#else
    // All zeroes: what holds a mutex and nothing else yet takes no page of the file.
    constexpr explicit mutex(lock_rank) {}
#endif
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    // True when the caller has to unlock; false when this thread's fork holds the lock already.
    bool lock() {
        if (KSLAB_UNLIKELY(!take())) return lock_slow();
        note_locked();
        return true;
    }

    // In any order: who does not wait is part of no deadlock.
    bool try_lock() {
        if (!take()) return false;
        note_held();
        return true;
    }

    void unlock(bool held = true) {
        if (!held) return;
        note_unlocked();
        if (host_single_threaded()) {
            std::atomic_signal_fence(std::memory_order_release);
            return state_.store(0, std::memory_order_relaxed);
        }
        if (KSLAB_UNLIKELY(state_.exchange(0, std::memory_order_release) == 2))
            host_futex_wake_one(reinterpret_cast<uint32_t*>(&state_));
    }

    // After fork, in the child: whoever held it does not exist any more.
    void reset() { state_.store(0, std::memory_order_relaxed); }

private:
    // A process with one thread, which nobody can have to wait for, saves the two operations that cost most of a short
    // critical section. (A handler of a signal in between leaves the lock as it found it.)
    bool take() {
        if (host_single_threaded()) {
            if (KSLAB_UNLIKELY(state_.load(std::memory_order_relaxed) != 0)) return false;
            state_.store(1, std::memory_order_relaxed);
            std::atomic_signal_fence(std::memory_order_acquire);
            return true;
        }
        uint32_t expected = 0;
        return state_.compare_exchange_strong(expected, 1, std::memory_order_acquire);
    }

    KSLAB_NOINLINE bool lock_slow();

#if KSLAB_ASSERTS
    void note_locked() {
        check_rank_order(rank_);
        note_held();
    }
    void note_held() { held_ranks |= 1u << static_cast<unsigned>(rank_); }
    void note_unlocked() { held_ranks &= ~(1u << static_cast<unsigned>(rank_)); }
#else
    void note_locked() {}
    void note_held() {}
    void note_unlocked() {}
#endif

    std::atomic<uint32_t> state_{0};
#if KSLAB_ASSERTS
    lock_rank rank_;
#endif
};

class scoped_lock {
public:
    explicit scoped_lock(mutex& m) : mutex_(m), held_(m.lock()), locked_(true) {}
    // After try_lock.
    struct taken {};
    scoped_lock(mutex& m, taken) : mutex_(m), held_(true), locked_(true) {}
    ~scoped_lock() {
        if (locked_) unlock();
    }
    scoped_lock(const scoped_lock&) = delete;
    scoped_lock& operator=(const scoped_lock&) = delete;

    void unlock() {
        mutex_.unlock(held_);
        locked_ = false;
    }
    void lock() {
        held_ = mutex_.lock();
        locked_ = true;
    }

private:
    mutex& mutex_;
    bool held_;
    bool locked_;
};

}  // namespace kslab
