// What each thread remembers of its stack: which pages of it can be read, and the last stacks that were captured.
//
// A remembered stack stands for the present one when the same caller calls with the same stack pointer and all words
// that the walk read hold what they held: the walk would read them again, and find the same. So a loop that
// allocates costs a load and a comparison for each frame.
//
// States come from the metadata arena and belong to one thread at a time. Nobody is told when a thread ends; its
// state is found by a thread that needs one. No lock.
#pragma once
#include <atomic>

#include "debug/stack/backtrace_rules.h"
#include "debug/stack/backtrace_walk.h"

namespace kslab {

struct recent_stack {
    uintptr_t ip;
    uintptr_t sp;
    uint32_t generation;  // of the rules; 0: nothing here
    uint32_t id;          // in the stack depot
    uint32_t bp;          // its lower half; counts only if needs_bp
    uint16_t slots;
    bool needs_bp;
    slot_log::slot slot[];

    bool stands_for(const stack_position& at) const;
};

struct alignas(kCacheLine) backtrace_thread {
    // Sets of two, by caller and stack pointer.
    static constexpr unsigned kSets = 64;
    static constexpr unsigned kWays = 2;

    backtrace_thread* next;
    std::atomic<uint32_t> owner;  // the thread's id; 0: nobody
    std::atomic<bool> busy;       // during a walk; released behind it, for who takes over a dead thread's
    uint8_t victim;               // way that is replaced next
    unsigned capacity;            // slots of each recent stack
    size_t stride;                // bytes of each recent stack
    readable_range range;
    stack_trace trace;

    char* recent() { return reinterpret_cast<char*>(this + 1); }
    size_t recent_bytes() const { return kSets * kWays * stride; }
    char* set_of(const stack_position& at) {
        constexpr unsigned kBits = __builtin_ctz(kSets);
        uint64_t mixed = (at.sp + (at.ip << 20)) * 0x9e3779b97f4a7c15ull;
        return recent() + (mixed >> (64 - kBits)) * kWays * stride;
    }
};

// The state of the calling thread, for one walk. Null: before backtrace_boot, inside another walk, or memory is short.
backtrace_thread* backtrace_enter_slow();
// Whether the calling thread, perhaps interrupted there, is about to get its state.
bool backtrace_is_making_state();
extern std::atomic<bool> backtrace_booted;
extern __thread backtrace_thread* this_backtrace __attribute__((tls_model("initial-exec")));

inline backtrace_thread* backtrace_enter() {
    if (KSLAB_UNLIKELY(!backtrace_booted.load(std::memory_order_relaxed))) return nullptr;
    backtrace_thread* mine = this_backtrace;
    if (KSLAB_UNLIKELY(mine == nullptr)) return backtrace_enter_slow();
    if (KSLAB_UNLIKELY(mine->busy.load(std::memory_order_relaxed))) return nullptr;
    mine->busy.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_acq_rel);
    return mine;
}

inline void backtrace_leave(backtrace_thread* mine) {
    std::atomic_signal_fence(std::memory_order_acq_rel);
    mine->busy.store(false, std::memory_order_release);
}

inline __attribute__((no_sanitize("address", "thread", "undefined"))) bool recent_stack::stands_for(
    const stack_position& at) const {
    if (ip != at.ip || sp != at.sp || generation != rule_generation.load(std::memory_order_relaxed)) return false;
    if (needs_bp && bp != static_cast<uint32_t>(at.bp)) return false;
    uint32_t different = 0;
    for (unsigned i = 0; i < slots; i++)
        different |= *reinterpret_cast<const uint32_t*>(sp + slot[i].offset) ^ slot[i].word;
    return different == 0;
}

// Where kslab's own code lies, when it is a library; nothing when it is part of the program.
struct own_text {
    uintptr_t start;
    uintptr_t bytes;
};
extern own_text backtrace_own_text;

// Who called kslab. kslab keeps frame pointers in every function that calls another.
KSLAB_ALWAYS_INLINE __attribute__((no_sanitize("address", "thread", "undefined"))) stack_position backtrace_caller() {
    auto frame = static_cast<const uintptr_t*>(__builtin_frame_address(0));
    while (frame[1] - backtrace_own_text.start < backtrace_own_text.bytes)
        frame = reinterpret_cast<const uintptr_t*>(frame[0]);
    return {frame[1], reinterpret_cast<uintptr_t>(frame + 2), frame[0]};
}

}  // namespace kslab
