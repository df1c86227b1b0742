// The registers of a signal's context that a stack walk begins with.
#pragma once
#include <ucontext.h>

#include "debug/backtrace_walk.h"

namespace kslab {

inline stack_position position_of_context(const ucontext_t* context) {
    const mcontext_t& m = context->uc_mcontext;
#if defined(__x86_64__)
    return {static_cast<uintptr_t>(m.gregs[REG_RIP]), static_cast<uintptr_t>(m.gregs[REG_RSP]),
            static_cast<uintptr_t>(m.gregs[REG_RBP])};
#elif defined(__aarch64__)
    return {m.pc, m.sp, m.regs[29]};
#endif
}

}  // namespace kslab
