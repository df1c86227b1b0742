#include "debug/fault/fault_context.h"

#include <sys/uio.h>
#include <ucontext.h>

#include "os/syscall.h"

namespace kslab {

#if defined(__x86_64__)

void read_registers(fault_registers& out, const void* ucontext) {
    constexpr int kOrder[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    const auto& registers = static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs;
    out.pc = static_cast<uintptr_t>(registers[REG_RIP]);
    out.count = 16;
    for (unsigned i = 0; i < out.count; i++) out.value[i] = static_cast<uintptr_t>(registers[kOrder[i]]);
}

const char* register_name(unsigned number) {
    constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    return number < 16 ? kNames[number] : "?";
}

fault_access access_of(const void* ucontext) {
    constexpr long kPageFault = 14;
    const auto& registers = static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs;
    if (registers[REG_TRAPNO] != kPageFault) return fault_access::unknown;
    if ((registers[REG_ERR] & 2) != 0) return fault_access::write;
    return (registers[REG_ERR] & 16) != 0 ? fault_access::execute : fault_access::read;
}

#elif defined(__aarch64__)

void read_registers(fault_registers& out, const void* ucontext) {
    const auto& machine = static_cast<const ucontext_t*>(ucontext)->uc_mcontext;
    out.pc = machine.pc;
    out.count = 32;
    for (unsigned i = 0; i < 31; i++) out.value[i] = machine.regs[i];
    out.value[31] = machine.sp;
}

const char* register_name(unsigned number) {
    constexpr const char* kNames[] = {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
                                      "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                                      "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp"};
    return number < 32 ? kNames[number] : "?";
}

// The kernel puts the syndrome into a record behind the registers.
fault_access access_of(const void* ucontext) {
    constexpr uint32_t kSyndromeMagic = 0x45535201;
    const auto& machine = static_cast<const ucontext_t*>(ucontext)->uc_mcontext;
    const char* at = reinterpret_cast<const char*>(machine.__reserved);
    const char* end = at + sizeof machine.__reserved;
    while (at + 16 <= end) {
        uint32_t head[2];
        __builtin_memcpy(head, at, sizeof head);
        if (head[0] == 0 || head[1] < sizeof head) return fault_access::unknown;
        if (head[0] == kSyndromeMagic) {
            uint64_t syndrome;
            __builtin_memcpy(&syndrome, at + sizeof head, sizeof syndrome);
            if (syndrome >> 26 == 0x20) return fault_access::execute;
            return (syndrome & 64) != 0 ? fault_access::write : fault_access::read;
        }
        at += head[1];
    }
    return fault_access::unknown;
}

#endif

size_t read_carefully(void* into, uintptr_t from, size_t bytes) {
    // In two parts, because a part that is not there as a whole is not read at all.
    size_t first = kPageSize - from % kPageSize;
    if (first > bytes) first = bytes;
    iovec local{into, bytes};
    iovec remote[2] = {{reinterpret_cast<void*>(from), first}, {reinterpret_cast<void*>(from + first), bytes - first}};
    long done = raw_syscall(SYS_process_vm_readv, raw_syscall(SYS_gettid), reinterpret_cast<long>(&local), 1,
                            reinterpret_cast<long>(remote), bytes > first ? 2 : 1, 0);
    return done < 0 ? 0 : static_cast<size_t>(done);
}

}  // namespace kslab
