// Draining and reaping of threads' arrays. Time, and how many slabs were made, are looked at on slow operations only.
#include "base/host.h"
#include "cache/node.h"
#include "os/clock.h"
#include "thread/slots.h"

namespace kslab {

void (*global_reap)(uint64_t now_ms) = nullptr;
constinit std::atomic<uint32_t> drain_generation{0};

namespace {

// REAPTIMEOUT_CPUC of the kernel.
constexpr uint64_t kReapInterval = 2000;
// The first time after HZ and three jiffies for each thread that came before, so that they do not all reap at once.
constexpr uint64_t kFirstReap = 1000;
constexpr uint64_t kReapStagger = 3;
constexpr uint32_t kMaxStaggered = 256;
// How often the room above is called, at most.
constexpr uint64_t kGlobalInterval = 100;
constexpr uint32_t kTickOperations = 8;
// The only thread of a process looks for idle arrays whenever it made so many slabs.
constexpr uint32_t kSlabsBetweenLooks = 128;
// Where there is no clock, so many milliseconds pass in kTickOperations.
constexpr uint64_t kCountedMilliseconds = 1;

relaxed<uint32_t> drain_all_generation;  // as kmem_cache::generation, of all caches
std::atomic<uint64_t> next_global{0};
std::atomic<uint32_t> threads_so_far{0};
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
    array_release_oldest(thread, cache, ac, count, true);
}

template <typename F>
void for_own_arrays(thread_cache* thread, F visit) {
    for (unsigned i = 0; i < slots.count; i++) visit(slots.cache[i], array_at(thread, slots.cache[i]->slot));
    if (thread->vector_bytes == 0) return;
    // Destroying a cache empties our array of it under this lock.
    scoped_lock lock(thread_list_lock);
    for (uint32_t i = 0; i < vector_size(thread); i++)
        if (thread->vector[i].real != nullptr) visit(vector_caches[i], thread->vector[i].real);
}

bool asked_since(uint32_t generation, uint32_t seen) { return static_cast<int32_t>(generation - seen) > 0; }

void drain_array(thread_cache* thread, kmem_cache* cache, array_cache* ac) {
    if (ac->avail > 0) array_release_oldest(thread, cache, ac, ac->avail, true);
    set_array_limit(thread, cache, ac, 0);
}

// Drains what was asked for since the thread looked last.
void obey(thread_cache* thread) {
    uint32_t seen = thread->generation;
    // What was asked for was written before the number.
    thread->generation = drain_generation.load(std::memory_order_acquire);
    if (asked_since(drain_all_generation, seen)) return drain_thread(thread);
    for_own_arrays(thread, [=](kmem_cache* cache, array_cache* ac) {
        if (asked_since(cache->generation, seen)) drain_array(thread, cache, ac);
    });
}

// The kernel's reap_alien: one other node each tick.
void reap_aliens(thread_cache* thread) {
    unsigned to = thread->reap_node % nr_nodes;
    if (to == thread->node) to = (to + 1) % nr_nodes;
    thread->reap_node = static_cast<uint8_t>((to + 1) % nr_nodes);
    for_each_cache([=](kmem_cache* cache) { drain_alien(cache, cache->at(thread->node), to, false); });
}

uint64_t first_reap() {
    uint32_t number = threads_so_far.fetch_add(1, std::memory_order_relaxed) % kMaxStaggered;
    return kFirstReap + kReapStagger * number;
}

// The kernel's cache_reap of one CPU.
void reap_thread(thread_cache* thread, uint64_t time) {
    thread->next_reap = time + kReapInterval;
    if (!thread->lacked) {
        if (thread->room > slots.thread_bytes) give_room_back(thread);
        thread->rounds = 0;
    }
    thread->lacked = false;
    if (nr_nodes > 1) reap_aliens(thread);
    for_own_arrays(thread, [thread](kmem_cache* cache, array_cache* ac) { reap_array(thread, cache, ac); });
}

// Not refilled since the last look: the objects go to their slabs, so that whole slabs are free for other sizes. The array keeps
// its limit: the size may come again.
void give_idle(thread_cache* thread, kmem_cache* cache, array_cache* ac) {
    if (ac->touched != 0) {
        ac->touched = 0;
        return;
    }
    if (ac->avail == 0) return;
    array_release_oldest(thread, cache, ac, ac->avail, true);
    cache_node& node = cache->at(thread->node);
    drain_shared(cache, node);
    drain_slabs_free(node, ~size_t{0});
}

// Time is too slow for a program that fills one size after the other: what it is done with would wait while it touches fresh
// memory. Only in a process of one thread: elsewhere others use, by way of the shared array and the slabs, what it does not
// refill. Size classes only: users' caches may have destructors, which no free runs.
void look_for_idle(thread_cache* thread) {
    thread->slabs_made = 0;
    for (unsigned i = 0; i < slots.count; i++) give_idle(thread, slots.cache[i], array_at(thread, slots.cache[i]->slot));
}

}  // namespace

void thread_look_at_clock(thread_cache* thread) {
    thread->countdown = kTickOperations;
    thread_find_node(thread);
    uint64_t time = now();
    if (thread->next_reap == 0)
        thread->next_reap = time + first_reap();
    else if (time >= thread->next_reap)
        reap_thread(thread, time);
    uint64_t due = next_global.load(std::memory_order_relaxed);
    if (time < due || global_reap == nullptr) return;
    // The first look only sets the time: there is nothing yet, and short programs need not touch what it walks over.
    if (next_global.compare_exchange_strong(due, time + kGlobalInterval, std::memory_order_relaxed) && due != 0) global_reap(time);
}

void thread_tick_slow(thread_cache* thread) {
    if (thread->refilling != 0) return;
    if (thread->generation != drain_generation.load(std::memory_order_relaxed)) obey(thread);
    if (thread->countdown > 1) {
        thread->countdown--;
        return;
    }
    if (thread->slabs_made >= kSlabsBetweenLooks && host_single_threaded()) look_for_idle(thread);
    thread_look_at_clock(thread);
}

void give_room_back(thread_cache* thread) {
    if (thread->refilling != 0) return;
    return_lent_room(thread);
    thread->misses = 0;
    // Tuned ones keep what they have, and nobody loses anything for their sake.
    size_t tuned = 0;
    for_own_arrays(thread, [&tuned](const kmem_cache* cache, const array_cache* ac) {
        if (cache->tuned) tuned += held_bytes(cache, ac->limit);
    });
    // The largest lose the most.
    for (size_t most = slots.thread_bytes / 4; reserved_bytes(thread) > thread->room + tuned && most > 0; most /= 2)
        for_own_arrays(thread, [=](kmem_cache* cache, array_cache* ac) {
            if (held_bytes(cache, ac->limit) > most) lower_limit(thread, cache, ac);
        });
}

void drain_thread(thread_cache* thread) {
    for_own_arrays(thread, [thread](kmem_cache* cache, array_cache* ac) { drain_array(thread, cache, ac); });
}

namespace {

// What is asked for is written before the number that threads look at.
template <typename F>
void raise_generation(F ask) {
    scoped_lock lock(cache_chain_lock);
    uint32_t next = drain_generation.load(std::memory_order_relaxed) + 1;
    ask(next);
    drain_generation.store(next, std::memory_order_release);
}

}  // namespace

void ask_all_to_drain() {
    raise_generation([](uint32_t next) { drain_all_generation = next; });
}

void ask_to_drain(kmem_cache* cache) {
    raise_generation([cache](uint32_t next) { cache->generation = next; });
}

void drain_this_thread() {
    // A process that allocated nothing does not touch the page.
    if (current_thread == &empty_thread) return;
    thread_cache* thread = this_thread();
    if (state_of(thread) != thread_state::alive || thread->refilling != 0) return;
    thread->generation = drain_generation.load(std::memory_order_relaxed);
    drain_thread(thread);
}

void drain_this_thread(kmem_cache* cache) {
    thread_cache* thread = this_thread();
    if (state_of(thread) != thread_state::alive || thread->refilling != 0) return;
    if (cache->slot == 0 && (cache->index >= vector_size(thread) || thread->vector[cache->index].real == nullptr)) return;
    drain_array(thread, cache, thread_array(thread, cache));
}

}  // namespace kslab
