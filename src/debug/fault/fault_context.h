// What a signal's context says of a fault: the registers, whether it was a read, and which registers made up the
// address. The instruction is decoded as far as that takes, no further.
#pragma once
#include "base/attributes.h"

namespace kslab {

// By their numbers in instructions. x86-64: rax rcx rdx rbx rsp rbp rsi rdi r8 … r15; aarch64: x0 … x30, sp.
struct fault_registers {
    uintptr_t pc;
    unsigned count;
    uintptr_t value[32];
};
void read_registers(fault_registers& out, const void* ucontext);
const char* register_name(unsigned number);

enum class fault_access : uint8_t { unknown, read, write, execute };
fault_access access_of(const void* ucontext);

// A memory operand, or a branch to a register.
struct memory_operand {
    int base = -1;   // register, -1: none
    int index = -1;
    unsigned scale = 1;
    int64_t displacement = 0;
    bool loads_target = false;  // a call or jump to the address that the operand holds
};
// The operand of the instruction at `code`; false when it has none, or is not understood.
bool decode_operand(const unsigned char* code, size_t length, memory_operand& out);

// Copies memory that may be inaccessible, through the kernel. How many bytes from the start were there.
size_t read_carefully(void* into, uintptr_t from, size_t bytes);

}  // namespace kslab
