#include "debug/stack/backtrace_thread.h"

#include <errno.h>

#include "base/bits.h"
#include "os/syscall.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit __thread backtrace_thread* this_backtrace __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

constinit std::atomic<backtrace_thread*> all_states{nullptr};
constinit std::atomic<backtrace_thread*> next_to_ask{nullptr};
// The process that they are of. A child of fork begins with none: the thread that forked goes on with its state,
// though it has another id now.
constinit std::atomic<long> states_of{0};

bool is_alive(long process, uint32_t thread) {
    return raw_syscall(SYS_tgkill, process, static_cast<long>(thread), 0) != -ESRCH;
}

// A state whose thread has ended. Looks at a few and goes on from there the next time, so that thousands of threads
// do not ask for each other again and again.
backtrace_thread* take_orphan(long process, uint32_t me) {
    constexpr unsigned kPatience = 8;
    backtrace_thread* state = next_to_ask.load(std::memory_order_acquire);
    for (unsigned i = 0; i < kPatience; i++) {
        if (state == nullptr) state = all_states.load(std::memory_order_acquire);
        if (state == nullptr) return nullptr;
        backtrace_thread* following = state->next;
        next_to_ask.store(following, std::memory_order_release);
        uint32_t owner = state->owner.load(std::memory_order_relaxed);
        bool orphan = owner == 0 || !is_alive(process, owner);
        if (orphan && state->owner.compare_exchange_strong(owner, me, std::memory_order_acquire)) return state;
        state = following;
    }
    return nullptr;
}

void forget_stacks(backtrace_thread* state) {
    // What a dead thread did last is seen behind this.
    static_cast<void>(state->busy.load(std::memory_order_acquire));
    state->busy.store(false, std::memory_order_relaxed);
    state->range = readable_range();
    for (size_t at = 0; at < state->recent_bytes(); at += state->stride)
        reinterpret_cast<recent_stack*>(state->recent() + at)->generation = 0;
}

backtrace_thread* make_state(uint32_t me) {
    constexpr size_t kMoreSlots = 3;  // for words besides return addresses
    constexpr size_t kSlot = sizeof(slot_log::slot);
    size_t stride = align_up(sizeof(recent_stack) + (track_depth + kMoreSlots) * kSlot, kCacheLine);
    void* memory = metadata_allocate(sizeof(backtrace_thread) + backtrace_thread::kSets * backtrace_thread::kWays * stride);
    if (memory == nullptr) return nullptr;
    auto* state = static_cast<backtrace_thread*>(memory);
    state->busy.store(false, std::memory_order_relaxed);
    state->victim = 0;
    state->capacity = static_cast<unsigned>((stride - sizeof(recent_stack)) / kSlot);
    state->stride = stride;
    state->owner.store(me, std::memory_order_relaxed);
    backtrace_thread* first = all_states.load(std::memory_order_relaxed);
    do {
        state->next = first;
    } while (!all_states.compare_exchange_weak(first, state, std::memory_order_release, std::memory_order_relaxed));
    return state;
}

}  // namespace

// Memory is being had: a handler that interrupts that must not want some.
static __thread bool making_state __attribute__((tls_model("initial-exec")));

bool backtrace_is_making_state() { return making_state; }

static backtrace_thread* have_state() {
    long process = raw_syscall(SYS_getpid);
    uint32_t me = static_cast<uint32_t>(raw_syscall(SYS_gettid));
    if (states_of.load(std::memory_order_relaxed) != process) {
        all_states.store(nullptr, std::memory_order_relaxed);
        next_to_ask.store(nullptr, std::memory_order_relaxed);
        states_of.store(process, std::memory_order_relaxed);
    }
    backtrace_thread* state = take_orphan(process, me);
    return state != nullptr ? state : make_state(me);
}

KSLAB_NOINLINE backtrace_thread* backtrace_enter_slow() {
    if (making_state) return nullptr;
    making_state = true;
    std::atomic_signal_fence(std::memory_order_acq_rel);
    backtrace_thread* state = have_state();
    std::atomic_signal_fence(std::memory_order_acq_rel);
    making_state = false;
    if (state == nullptr) return nullptr;
    forget_stacks(state);
    state->busy.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_acq_rel);
    this_backtrace = state;
    return state;
}

}  // namespace kslab
