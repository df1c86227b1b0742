// Walking a stack from frame to frame. Nothing is read that is not known to be readable: a readable_range grows by
// asking the system about each page once, so that a wrong rule or a wild frame pointer ends a walk and no more.
#pragma once
#include "debug/stack/backtrace.h"

namespace kslab {

// Where a frame goes on: what the registers held, or will hold, when its instruction `ip` is next.
struct stack_position {
    uintptr_t ip;
    uintptr_t sp;
    uintptr_t bp;
};

// All registers at one instruction, by the numbers that DWARF gives them.
struct machine_registers {
#if defined(__x86_64__)
    static constexpr unsigned kCount = 17;
    static constexpr unsigned kBp = 6, kSp = 7, kIp = 16;
#elif defined(__aarch64__)
    static constexpr unsigned kCount = 33;
    static constexpr unsigned kBp = 29, kSp = 31, kIp = 32;
#endif
    uint64_t known = 0;  // a bit each
    uintptr_t value[kCount];

    // Those of the calling function, at the instruction where it calls this: the ones that calls preserve.
    KSLAB_ALWAYS_INLINE void take() {
#if defined(__x86_64__)
        __asm__ volatile(
            "movq %%rbx, 24(%0); movq %%rbp, 48(%0); movq %%rsp, 56(%0); movq %%r12, 96(%0); movq %%r13, 104(%0);"
            "movq %%r14, 112(%0); movq %%r15, 120(%0); leaq 1f(%%rip), %%rax; movq %%rax, 128(%0); 1:"
            :
            : "r"(value)
            : "rax", "memory");
        known = 1 << 3 | 1 << kBp | 1 << kSp | 0xf << 12 | 1 << kIp;
#endif
    }
};

// Whole pages, without a hole, that can be read: a part of one stack.
class readable_range {
public:
    // The page of `sp` becomes the range, unless it is part of it, or can be reached from it.
    void enter(uintptr_t sp) {
        if (KSLAB_UNLIKELY(!holds(sp))) enter_slow(sp);
    }
    bool holds(uintptr_t address) const { return address - low_ < high_ - low_; }
    // Reads an aligned word at or above the place entered. False: it cannot be read.
    bool read(uintptr_t address, uintptr_t& word) {
        if (KSLAB_UNLIKELY(address % sizeof word != 0)) return false;
        if (KSLAB_UNLIKELY(!holds(address)) && !grow_to(address)) return false;
        word = word_at(address);
        return true;
    }

private:
    KSLAB_NOINLINE void enter_slow(uintptr_t sp);
    KSLAB_NOINLINE bool grow_to(uintptr_t address);
    // Sanitizers know nothing of the frames of others.
    static __attribute__((no_sanitize("address", "thread", "undefined"))) uintptr_t word_at(uintptr_t address) {
        return *reinterpret_cast<const uintptr_t*>(address);
    }

    uintptr_t low_ = 0;
    uintptr_t high_ = 0;
};

// The words that a walk has read and that its outcome depends on. Of each word its lower half is enough: within one
// program no two return addresses, and within one stack no two frames, differ in the upper half alone.
struct slot_log {
    struct slot {
        uint32_t offset;  // from sp, in bytes
        uint32_t word;
    };
    slot* slots = nullptr;
    uintptr_t sp = 0;
    unsigned capacity = 0;
    unsigned count = 0;     // above capacity: not all are here
    bool needs_bp = false;  // the outcome depends on the bp that the walk began with

    void add(uintptr_t address, uintptr_t word) {
        if (count < capacity) slots[count] = {static_cast<uint32_t>(address - sp), static_cast<uint32_t>(word)};
        count++;
    }
    // For who may read a word again and again.
    void add_once(uintptr_t address, uintptr_t word) {
        for (unsigned i = 0; i < count && i < capacity; i++)
            if (slots[i].offset == static_cast<uint32_t>(address - sp)) return;
        add(address, word);
    }
    bool complete() const { return count <= capacity; }
    void give_up() { count = capacity + 1; }
};

enum class first_frame : uint8_t { after_call, at_instruction };

// Appends to `out` until it holds `depth` frames. `range` has been entered at at.sp; `log` and `origin` may be null.
// `origin` is a frame of kslab's, or the one that the walk begins with.
void backtrace_walk(stack_trace& out, unsigned depth, stack_position at, first_frame first, readable_range& range,
                    slot_log* log, const machine_registers* origin);

}  // namespace kslab
