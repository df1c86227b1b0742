// Readers of shared structures, and who waits for them (read-copy-update with epochs of its own).
//
//   rcu_enter       outside? rcu_section = rcu_epoch, one plain store      rcu_leave    inside once? outside, the same
//     otherwise     rcu_enter_slow: nested; the thread's first section; no state of its own; readers that fence
//   rcu_synchronize rcu_begin: next epoch, barrier in all threads → until no section of an older epoch is left
//   rcu_poll        slow paths: batches of callbacks and of deferred slabs, the same without waiting
//
// Why it is right. A section is older than a grace period when it began in an earlier epoch. The writer unlinks an
// object, passes a full fence, starts epoch E, and has a barrier executed in every thread (membarrier); then it looks at
// rcu_section of each. Take any reader's store to rcu_section:
//   - it comes before the barrier in its thread: the writer sees it, or what followed it. Does it say E or later, the
//     reader had read E before it read any pointer, and so sees the unlinking; else the writer waits for it.
//   - it comes after the barrier: so do the loads of pointers that follow it in the program, and they see the unlinking;
//     whether the writer sees the store does not matter, nor that it may name an epoch read long before.
// The compiler must not move these loads above the store; the processor may, the barrier makes up for that. At the end
// of a section a store with release order is enough: the writer reads it with acquire order, so whatever the reader
// did comes before whatever the writer does next.
//
// Without membarrier, readers execute a full fence behind the store, the writer one where the barrier was: of the two
// fences one comes first, and the same two cases follow. Which of the two it is, is decided once, before the first
// reader. Should the system refuse membarrier later (a sandbox), each grace period waits kSettle instead: a store that a
// processor has executed is seen by all long before that.
#pragma once
#include "kslab/rcu.h"
#include "thread/thread.h"

namespace kslab {

// thread_cache::rcu_section: epoch << 16 | kReaderFences | how many sections are nested. 0: the thread has no state yet,
// or none at all (empty_thread, dead_thread). In a shadow it stays 0, so that threads in a group take the slow ways, which
// are given this_thread().
inline constexpr unsigned kEpochShift = 16;
inline constexpr uint64_t kReaderFences = 0x8000;
inline constexpr uint64_t kNesting = 0x7fff;
inline constexpr uint64_t kReaderOutside = uint64_t{1} << kEpochShift;

// The epoch in that form, nested once.
extern std::atomic<uint64_t> rcu_epoch;

// False: rcu_enter_slow does it.
KSLAB_ALWAYS_INLINE bool rcu_enter(thread_cache* thread) {
    if (KSLAB_UNLIKELY(thread->rcu_section != kReaderOutside)) return false;
    // Both orders cost nothing on x86-64. A signal handler in between leaves `outside` behind, as it found it.
    __atomic_store_n(&thread->rcu_section, rcu_epoch.load(std::memory_order_acquire), __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

// False: rcu_leave_slow does it.
KSLAB_ALWAYS_INLINE bool rcu_leave(thread_cache* thread) {
    if (KSLAB_UNLIKELY((thread->rcu_section & (kReaderFences | kNesting)) != 1)) return false;
    __atomic_store_n(&thread->rcu_section, kReaderOutside, __ATOMIC_RELEASE);
    return true;
}

// The thread is attached, unless it is dead or memory is short.
void rcu_enter_slow(thread_cache* thread);
void rcu_leave_slow(thread_cache* thread);

// While a value is nonzero no callbacks begin: a thread gets its arrays in rcu_read_lock.
extern std::atomic<unsigned> rcu_callbacks_held;

// ---- Who waits. Boot has run, and the caller is in no section: that is reported, and the program aborts.

void rcu_synchronize();
void rcu_call(rcu_head* head, void (*function)(rcu_head*));
// Until every callback queued before has run.
void rcu_wait_for_callbacks();
// Until every section that has begun is over and no slab of the cache is deferred. Nobody uses the cache.
void rcu_drain_deferred(const kmem_cache* cache);
// "kslab: `what` ..." and abort when the calling thread is in a section.
void rcu_check_outside(const char* what);

// ---- Without waiting.

// One attempt: what readers allow is released, and their callbacks run.
void rcu_poll_now();
// Behind a slow operation, with no lock held and the arrays in order: user code may run here.
void rcu_poll_slow();
bool rcu_work_waits();
inline void rcu_poll() {
    if (KSLAB_UNLIKELY(rcu_work_waits())) rcu_poll_slow();
}

// ---- Life.
void rcu_thread_exit(thread_cache* thread);
void rcu_after_fork();

// ---- Of the files of this room.

extern mutex rcu_callbacks_lock;
extern relaxed<size_t> rcu_callbacks_waiting;
// As deferred_close_batch: what was queued so far waits for the next grace period, unless something does already.
bool rcu_close_callbacks();
// The grace period is over.
void rcu_ready_callbacks();
// Runs what is ready, in the order of queueing, unless another thread does.
void rcu_run_callbacks();
void rcu_callbacks_after_fork();

// Patience of who waits for readers: spins, yields, sleeps up to a millisecond.
class rcu_patience {
public:
    void wait();

private:
    unsigned rounds_ = 0;
    unsigned microseconds_ = 50;
};

}  // namespace kslab
