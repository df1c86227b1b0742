#include "base/mutex.h"

#include "base/check.h"

namespace kslab {

namespace {
// Critical sections are some hundred cycles long: a waiter that spins about as long rarely sleeps.
constexpr int kSpins = 100;
constexpr int kMostMilliseconds = 1000;

void wait_dying(std::atomic<uint32_t>& state) {
    for (int i = 0; state.exchange(2, std::memory_order_acquire) != 0; i++) {
        if (i == kMostMilliseconds || host_single_threaded()) dying_gives_up();
        host_sleep_a_millisecond();
    }
}
}  // namespace

void (*dying_gives_up)() = nullptr;

bool mutex::lock_slow() {
    if (fork_owner.load(std::memory_order_relaxed) == host_thread_token()) return false;
    for (int i = 0; i < kSpins; i++) {
        host_cpu_relax();
        uint32_t expected = 0;
        if (state_.load(std::memory_order_relaxed) == 0 &&
            state_.compare_exchange_weak(expected, 1, std::memory_order_acquire)) {
            note_locked();
            return true;
        }
    }
    if (KSLAB_UNLIKELY(dying_thread.load(std::memory_order_relaxed) == host_thread_token())) wait_dying(state_);
    else
        while (state_.exchange(2, std::memory_order_acquire) != 0)
            host_futex_wait(reinterpret_cast<uint32_t*>(&state_), 2);
    note_locked();
    return true;
}

#if KSLAB_ASSERTS
void check_rank_order(lock_rank rank) {
    if (ranks_unchecked) return;
    KSLAB_CHECK((held_ranks >> static_cast<unsigned>(rank)) == 0, "a lock was taken out of order");
}
#endif

}  // namespace kslab
