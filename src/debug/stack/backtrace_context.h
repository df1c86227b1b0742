// The registers of a signal's context that a stack walk begins with.
#pragma once
#include <ucontext.h>

#include "debug/stack/backtrace_walk.h"

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

inline void registers_of_context(machine_registers& out, const ucontext_t* context) {
    const mcontext_t& m = context->uc_mcontext;
#if defined(__x86_64__)
    constexpr int kOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                              REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (unsigned i = 0; i < out.kCount; i++) out.value[i] = static_cast<uintptr_t>(m.gregs[kOrder[i]]);
#elif defined(__aarch64__)
    for (unsigned i = 0; i < 31; i++) out.value[i] = m.regs[i];
    out.value[out.kSp] = m.sp;
    out.value[out.kIp] = m.pc;
#endif
    out.known = (uint64_t{1} << out.kCount) - 1;
}

}  // namespace kslab
