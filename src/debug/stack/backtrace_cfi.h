// Unwind rules: how to get from a frame to its caller, read from the call frame information (.eh_frame) of the
// program or library that the code belongs to, and boiled down to what a stack of return addresses needs, as the
// kernel's ORC tables are: where the caller's stack pointer was, and where its frame pointer is.
#pragma once
#include "base/attributes.h"

namespace kslab {

// CFA: the stack pointer of the caller once the call has returned. Its return address lies in the word below.
enum class unwind_kind : uint8_t {
    none,
    from_sp,    // CFA = sp + cfa
    from_bp,    // CFA = bp + cfa
    realigned,  // CFA = *(bp - cfa), the caller's bp at bp: functions that align their stack themselves
    signal,     // sp points to the context that a signal handler returns to
    end,        // nobody called this
    unknown,    // no table has it
    complex,    // a table has it, in a way that none of the above says: libunwind's part (backtrace_libunwind.h)
};

struct unwind_rule {
    unwind_kind kind = unwind_kind::unknown;
    uint8_t bp = 0;    // the caller's bp is this many words below the CFA; 0: still in the register
    uint32_t cfa = 0;  // in words
};

inline constexpr unsigned kWordShift = 3;
inline constexpr uint8_t kBpLost = 255;  // in a place that no rule here can name
inline constexpr uint32_t kMostCfaWords = (1u << 19) - 1;

// The rule at `pc`, which is inside the instruction concerned (a return address less one). `eh_frame_header` is the
// content of the module's PT_GNU_EH_FRAME.
unwind_rule read_unwind_rule(const void* eh_frame_header, uintptr_t pc);

}  // namespace kslab
