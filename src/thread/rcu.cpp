// Readers and grace periods (rcu.h).
#include "thread/rcu.h"

#include "base/check.h"
#include "cache/deferred.h"
#include "os/barrier.h"
#include "os/clock.h"

namespace kslab {

constinit std::atomic<uint64_t> rcu_epoch{uint64_t{2} << kEpochShift | 1};
constinit std::atomic<unsigned> rcu_callbacks_held{0};

namespace {

// How long a store may take to be seen by all, and much more.
constexpr uint64_t kSettle = 20000;

enum class readers : uint8_t { undecided, bare, fencing };
std::atomic<readers> how_readers_work{readers::undecided};

// Sections of threads without state of their own. They hold back every grace period.
std::atomic<size_t> other_sections{0};

readers decided() {
    readers how = how_readers_work.load(std::memory_order_acquire);
    if (KSLAB_LIKELY(how != readers::undecided)) return how;
#if defined(__SANITIZE_THREAD__)
    readers wanted = readers::fencing;
#else
    readers wanted = os_barrier_register() ? readers::bare : readers::fencing;
#endif
    if (how_readers_work.compare_exchange_strong(how, wanted, std::memory_order_acq_rel)) return wanted;
    return how;
}

bool in_section(uint64_t section) { return (section & kNesting) != 0; }

uint64_t next_epoch() {
    constexpr uint64_t kStep = uint64_t{1} << kEpochShift;
    return (rcu_epoch.fetch_add(kStep, std::memory_order_seq_cst) + kStep) >> kEpochShift;
}

// Starts a grace period; returns its epoch.
uint64_t rcu_begin() {
    readers how = decided();
    full_fence();
    uint64_t epoch = next_epoch();
    full_fence();
    if (how == readers::bare && !os_barrier()) os_sleep(kSettle);
    return epoch;
}

// The epoch of the oldest section that there is; the largest number when there is none.
uint64_t oldest_section() {
    if (other_sections.load(std::memory_order_acquire) != 0) return 0;
    uint64_t oldest = ~uint64_t{0};
    for_each_thread(
        [](thread_cache* thread, void* context) {
            uint64_t section = __atomic_load_n(&thread->rcu_section, __ATOMIC_ACQUIRE);
            uint64_t& least = *static_cast<uint64_t*>(context);
            if (in_section(section) && section >> kEpochShift < least) least = section >> kEpochShift;
        },
        &oldest);
    return oldest;
}

// ---- Polling: one thread at a time.
std::atomic<bool> polling{false};
uint64_t batch_epoch = 0;  // of the batches that wait; whoever polls

// How often slow operations look, unless much waits.
constexpr uint64_t kPollInterval = 10;
constexpr size_t kMuch = 1024;  // pages and callbacks
constexpr uint32_t kPollOperations = 64;  // where there is no clock
relaxed<uint64_t> next_poll;
relaxed<size_t> much = kMuch;
relaxed<uint32_t> operations;

size_t work() { return deferred_pages + rcu_callbacks_waiting; }

bool poll_is_due() {
    if (work() >= much) return true;
    uint64_t now;
    if (!clock_read(now)) return (operations += 1) % kPollOperations == 0;
    if (now < next_poll) return false;
    next_poll = now + kPollInterval;
    return true;
}

// False when there was nothing, or readers are not done.
bool release_batch() {
    bool slabs = deferred_close_batch();
    bool callbacks = rcu_close_callbacks();
    // What waits already of the other kind waits a little longer, for one grace period serves both.
    if (slabs || callbacks) batch_epoch = rcu_begin();
    if (work() == 0 || oldest_section() < batch_epoch) return false;
    deferred_release_batch();
    rcu_ready_callbacks();
    return true;
}

}  // namespace

void rcu_enter_slow(thread_cache* thread) {
    uint64_t section = thread->rcu_section;
    if (section == 0) {
        if (state_of(thread) != thread_state::alive) {
            other_sections.fetch_add(1, std::memory_order_seq_cst);
            return full_fence();
        }
        section = kReaderOutside | (decided() == readers::fencing ? kReaderFences : 0);
        __atomic_store_n(&thread->rcu_section, section, __ATOMIC_RELEASE);
    }
    if (in_section(section)) {
        KSLAB_CHECK((section & kNesting) != kNesting, "rcu_read_lock is nested more than 32767 times");
        return __atomic_store_n(&thread->rcu_section, section + 1, __ATOMIC_RELEASE);
    }
    uint64_t fences = section & kReaderFences;
    __atomic_store_n(&thread->rcu_section, rcu_epoch.load(std::memory_order_acquire) | fences, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (fences != 0) full_fence();
}

void rcu_leave_slow(thread_cache* thread) {
    uint64_t section = thread->rcu_section;
    if (in_section(section)) {
        uint64_t next = (section & kNesting) > 1 ? section - 1 : kReaderOutside | (section & kReaderFences);
        return __atomic_store_n(&thread->rcu_section, next, __ATOMIC_RELEASE);
    }
    size_t others = other_sections.load(std::memory_order_relaxed);
    while (others != 0)
        if (other_sections.compare_exchange_weak(others, others - 1, std::memory_order_acq_rel)) return;
    // A thread that ended in a section has been told.
    if (state_of(thread) != thread_state::dead) report_line()->put("rcu_read_unlock without rcu_read_lock");
}

void rcu_patience::wait() {
    constexpr unsigned kSpins = 64, kYields = 32;
    if (rounds_++ < kSpins) return host_cpu_relax();
    if (rounds_ < kSpins + kYields) return host_yield();
    os_sleep(microseconds_);
    if (microseconds_ < 1000) microseconds_ *= 2;
}

void rcu_check_outside(const char* what) {
    if (!in_section(this_thread()->rcu_section)) return;
    report_line()->put(what).put(" in a read section would wait for itself for ever");
    host_abort();
}

void rcu_synchronize() {
    uint64_t epoch = rcu_begin();
    rcu_patience patience;
    while (oldest_section() < epoch) patience.wait();
}

void rcu_drain_deferred(const kmem_cache* cache) {
    rcu_synchronize();
    rcu_patience patience;
    for (rcu_poll_now(); deferred_slabs_of(cache) != 0; rcu_poll_now()) patience.wait();
}

void rcu_poll_now() {
    if (fork_owner.load(std::memory_order_relaxed) == host_thread_token()) return;
    if (!polling.exchange(true, std::memory_order_acquire)) {
        // The batch that waited already, and what came since.
        if (release_batch()) release_batch();
        polling.store(false, std::memory_order_release);
    }
    rcu_run_callbacks();
}

bool rcu_work_waits() { return work() != 0; }

void rcu_poll_slow() {
    if (!poll_is_due()) return;
    rcu_poll_now();
    much = work() + kMuch;
}

void rcu_thread_exit(thread_cache* thread) {
    bool inside = in_section(thread->rcu_section);
    __atomic_store_n(&thread->rcu_section, 0, __ATOMIC_RELEASE);
    if (inside) report_line()->put("a thread ended in a read section (rcu_read_lock without rcu_read_unlock)");
}

void rcu_after_fork() {
    // Only the calling thread is left; its section, if any, goes on. Whoever polled may have closed a batch and not
    // started its epoch yet: the batches wait for one that begins now.
    polling.store(false, std::memory_order_relaxed);
    rcu_callbacks_held.store(0, std::memory_order_relaxed);
    batch_epoch = next_epoch();
    if (state_of(this_thread()) == thread_state::alive) other_sections.store(0, std::memory_order_relaxed);
    deferred_after_fork();
    rcu_callbacks_after_fork();
}

}  // namespace kslab
