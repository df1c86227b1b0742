// Draining and reaping of threads' arrays. Time is looked at on slow operations only.
#include "cache/node.h"
#include "os/clock.h"
#include "thread/slots.h"

namespace kslab {

void (*global_reap)(uint64_t now_ms) = nullptr;

namespace {

// REAPTIMEOUT_CPUC of the kernel.
constexpr uint64_t kReapInterval = 2000;
// How often the room above is called, at most.
constexpr uint64_t kGlobalInterval = 100;
constexpr uint32_t kTickOperations = 8;
// Where there is no clock, so many milliseconds pass in kTickOperations.
constexpr uint64_t kCountedMilliseconds = 1;

relaxed<uint32_t> drain_generation;
std::atomic<uint64_t> next_global{0};
std::atomic<uint64_t> counted_time{0};

uint64_t now() {
    uint64_t milliseconds;
    if (clock_read(milliseconds)) return milliseconds;
    return counted_time.fetch_add(kCountedMilliseconds, std::memory_order_relaxed);
}

// The kernel's drain_array: what was used is spared once, else a fifth of the limit leaves.
void reap_array(thread_cache* thread, kmem_cache* cache, array_cache* ac) {
    if (ac->limit == 0) return;
    if (ac->touched != 0) {
        ac->touched = 0;
        return;
    }
    if (ac->avail == 0) return set_array_limit(thread, cache, ac, 0);
    unsigned count = (ac->limit + 4) / 5;
    if (count > ac->avail) count = (ac->avail + 1) / 2;
    array_release_oldest(cache, ac, count, true);
}

template <typename F>
void for_own_arrays(thread_cache* thread, F visit) {
    for (unsigned i = 0; i < slots.count; i++) visit(slots.cache[i], array_at(thread, slots.cache[i]->slot));
    if (thread->vector_size == 0) return;
    // Destroying a cache empties our array of it under this lock.
    scoped_lock lock(thread_list_lock);
    for (uint32_t i = 0; i < thread->vector_size; i++)
        if (thread->vector[i] != nullptr) visit(vector_caches[i], thread->vector[i]);
}

}  // namespace

void thread_look_at_clock(thread_cache* thread) {
    thread->countdown = kTickOperations;
    uint64_t time = now();
    if (time >= thread->next_reap) {
        bool first = thread->next_reap == 0;
        thread->next_reap = time + kReapInterval;
        if (!first)
            for_own_arrays(thread, [thread](kmem_cache* cache, array_cache* ac) { reap_array(thread, cache, ac); });
    }
    uint64_t due = next_global.load(std::memory_order_relaxed);
    if (time >= due && global_reap != nullptr &&
        next_global.compare_exchange_strong(due, time + kGlobalInterval, std::memory_order_relaxed))
        global_reap(time);
}

void thread_tick(thread_cache* thread) {
    if (KSLAB_UNLIKELY(thread->generation != drain_generation)) {
        thread->generation = drain_generation;
        drain_thread(thread);
    }
    if (KSLAB_LIKELY(thread->countdown > 1))
        thread->countdown--;
    else
        thread_look_at_clock(thread);
}

void drain_thread(thread_cache* thread) {
    for_own_arrays(thread, [thread](kmem_cache* cache, array_cache* ac) {
        if (ac->avail > 0) array_release_oldest(cache, ac, ac->avail, true);
        set_array_limit(thread, cache, ac, 0);
    });
}

void ask_all_to_drain() {
    // Threads compare for difference only: a lost update between two callers does no harm.
    drain_generation += 1;
}

void drain_this_thread() {
    if (state_of(current_thread) != thread_state::alive) return;
    current_thread->generation = drain_generation;
    drain_thread(current_thread);
}

}  // namespace kslab
