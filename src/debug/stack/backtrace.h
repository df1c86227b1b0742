// Stacks: where a call came from. By the unwind tables that every program and library carries for C++ exceptions
// (.eh_frame), where these are beyond us by libunwind if that is installed, where there are none along frame pointers.
// No lock of kslab's or the loader's is taken, nothing is allocated from the heap, so that every thread, signal handler
// and half-started process may ask.
//
// From the cheapest to the dearest:
//   stack_depot_here      the same call as a moment ago: the remembered slots hold the same return addresses
//   backtrace_walk        frame by frame with rules from the rule cache (backtrace_rules.h)
//   rule_for_slow         a return address that was never seen: its rule is read from .eh_frame (backtrace_cfi.h)
//   libunwind_step        a frame whose rule is too complex for that (backtrace_libunwind.h)
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr unsigned kMaxDepth = 64;

enum class stack_source : uint8_t {
    none,
    frame_pointers,  // at least one frame was found so: frames may be missing, or be wrong
    unwind_tables,
    libunwind,  // by unwind tables, at least one frame with libunwind's help
};

struct stack_trace {
    unsigned count = 0;
    stack_source source = stack_source::none;
    bool exact = false;          // frame 0 is an instruction (of a fault), not a return address
    uintptr_t frame[kMaxDepth];  // return addresses, the innermost first; kslab's own frames are left out
};

// From the library's constructor, when tracking is on. Before it, and when memory is short, a stack is its
// first frame.
void backtrace_boot();

// At most `depth` frames of the calling thread. May be called from everywhere, and never fails worse than with an
// empty stack.
void backtrace_capture(stack_trace& out, unsigned depth);

// The same from a signal's context: its instruction first, be it kslab's.
void backtrace_from_context(stack_trace& out, unsigned depth, const void* ucontext);

// Whether the frame that `caller` returns to counts as kslab's, or kslab's frames cannot be told from the program's: where
// kslab is part of the program, or of one of its libraries.
bool backtrace_hides(const void* caller);

// How deep stacks of allocations and frees are kept (KSLAB_DEPTH).
extern unsigned track_depth;

}  // namespace kslab
