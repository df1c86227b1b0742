// Walking a stack from frame to frame. Nothing is read that is not known to be readable: a readable_range grows by
// asking the system about each page once, so that a wrong rule or a wild frame pointer ends a walk and no more.
#pragma once
#include "debug/backtrace.h"

namespace kslab {

// Where a frame goes on: what the registers held, or will hold, when its instruction `ip` is next.
struct stack_position {
    uintptr_t ip;
    uintptr_t sp;
    uintptr_t bp;
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
    bool read(uintptr_t address, uintptr_t& word);

private:
    KSLAB_NOINLINE void enter_slow(uintptr_t sp);
    KSLAB_NOINLINE bool grow_to(uintptr_t address);

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
    bool complete() const { return count <= capacity; }
};

enum class first_frame : uint8_t { after_call, at_instruction };

// Appends to `out` until it holds `depth` frames. `range` has been entered at at.sp; `log` may be null.
void backtrace_walk(stack_trace& out, unsigned depth, stack_position at, first_frame first, readable_range& range,
                    slot_log* log);

}  // namespace kslab
