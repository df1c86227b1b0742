// A pool (include/kslab/mempool.h): a reserve, and those who wait for it.
//
// 0 <= curr_nr <= min_nr <= room of `elements`. A thread waits only after it has seen curr_nr == 0 with the lock held,
// and is counted in `waiters` in the same moment; it sleeps while `wake_word` is what it was before it looked. Whoever
// puts an element into the reserve moves the word on, and wakes one if there are waiters. A waiter that was woken but was served by the backing wakes the next one, if the reserve has something.
//
// The lock is held for some stores only: never while the backing, the heap or the system is called.
#pragma once
#include "base/list.h"
#include "base/mutex.h"
#include "base/relaxed.h"
#include "kslab/mempool.h"

struct mempool_s {
    kslab::mutex lock{kslab::lock_rank::mempool};
    std::atomic<uint32_t> wake_word{0};
    // Written with the lock held.
    kslab::relaxed<int> min_nr{0};
    kslab::relaxed<int> curr_nr{0};
    uint32_t waiters = 0;
    bool held_for_fork = false;
    void** elements = nullptr;  // the last of the first curr_nr goes first
    // Constant.
    mempool_alloc_t* alloc = nullptr;
    mempool_free_t* free = nullptr;
    void* pool_data = nullptr;

    kslab::list_head all{};  // in the list of all pools
};

namespace kslab {

// With pool->lock held. The caller wakes one waiter, after unlocking, when these are true.
[[nodiscard]] bool note_change_locked(mempool_s* pool);
[[nodiscard]] bool add_element_locked(mempool_s* pool, void* element);
void* remove_element_locked(mempool_s* pool);
void wake_one_waiter(mempool_s* pool);

// How long a waiter sleeps before it asks the backing again though nobody woke it. Tests take the time-out away.
inline constexpr unsigned kForEver = ~0u;
inline constexpr unsigned kRetryMilliseconds = 5000;
void mempool_set_retry(unsigned milliseconds);

// For fork: the list of all pools and every pool. They rank above all other locks. In the child nobody waits.
void mempool_locks_take();
void mempool_locks_release();
void mempool_locks_reset();

}  // namespace kslab
