// libunwind's part in stacks: frames whose unwind tables say what the rules of backtrace_cfi.h cannot (expressions,
// uncommon registers). One frame at a time, each time from what is known of it.
//
// It is asked as a debugger asks it about another process: all that it reads, it reads through functions given here,
// so that a wrong table cannot make it fault, and it needs neither the loader nor its lock. It runs on a stack of its
// own with signals blocked, in one thread at a time; whoever finds it busy for long, or holds it already, does without.
// It is loaded when the process starts if it is installed, and never linked with.
#pragma once
#include <atomic>

#include "base/relaxed.h"
#include "debug/stack/backtrace_walk.h"

namespace kslab {

// From the library's constructor. Loads it; without it libunwind_step knows nothing.
//
// But where kslab is initialised before libc, dlopen would initialise libc without the program's arguments and
// environment. Then it is loaded at a call of the program for memory, while there is one thread only and nothing is in
// progress that the loader might be part of.
void libunwind_boot();
bool libunwind_loaded();

enum class libunwind_load : uint8_t { never, later };
extern std::atomic<libunwind_load> libunwind_load_state;
void libunwind_load_later(const stack_position& at);
// What is allocated now is the loader's and libunwind's, for good.
extern relaxed<bool> libunwind_loading;

enum class libunwind_answer : uint8_t {
    caller,
    end,   // nobody called this
    none,  // it does not know, or it cannot be asked
};

struct libunwind_frame {
    stack_position at;      // of a frame; becomes that of its caller
    bool exact;             // at.ip is an instruction
    bool bp_known;          // of at.bp, before and after
    bool asked_bp = false;  // the answer depends on the bp that was given
};

// Reads the frame's stack through `range` and adds what it read to `log`. `origin` is where the walk began, or null:
// when what is known of the frame does not suffice, the walk is done again from there with all registers.
libunwind_answer libunwind_step(libunwind_frame& frame, const machine_registers* origin, readable_range& range,
                                slot_log& log);

// What it took of its stack so far, for tests.
size_t libunwind_stack_used();

}  // namespace kslab
