#include "debug/stack/backtrace.h"

#include <link.h>

#include "debug/stack/backtrace_context.h"
#include "debug/stack/backtrace_libunwind.h"
#include "debug/stack/backtrace_thread.h"
#include "os/executable.h"

// Where the file that kslab was linked into begins in memory; the linker provides it.
extern "C" const char __ehdr_start[] __attribute__((weak, visibility("hidden")));

namespace kslab {

unsigned track_depth = 8;
constinit own_text backtrace_own_text{0, 0};
constinit std::atomic<bool> backtrace_booted{false};

namespace {

// In a program that has kslab in it nothing tells its functions from the program's.
own_text find_own_text() {
    const char* file = __ehdr_start;
    if (file == nullptr || executable_contains(file)) return {0, 0};
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(file);
    const auto* program = reinterpret_cast<const ElfW(Phdr)*>(file + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (program[i].p_type == PT_LOAD && (program[i].p_flags & PF_X) != 0)
            return {reinterpret_cast<uintptr_t>(file) + program[i].p_vaddr, program[i].p_memsz};
    return {0, 0};
}

void capture_from(stack_trace& out, unsigned depth, stack_position at, first_frame first,
                  const machine_registers& origin) {
    readable_range range;
    range.enter(at.sp);
    out.count = 0;
    out.exact = first == first_frame::at_instruction;
    backtrace_walk(out, depth < kMaxDepth ? depth : kMaxDepth, at, first, range, nullptr, &origin);
}

}  // namespace

void backtrace_boot() {
    if (backtrace_booted.load(std::memory_order_relaxed)) return;
    backtrace_own_text = find_own_text();
    if (!rules_boot()) return;
    libunwind_boot();
    backtrace_booted.store(true, std::memory_order_release);
}

bool backtrace_hides(const void* caller) {
    own_text own = backtrace_own_text;
    return own.bytes == 0 || reinterpret_cast<uintptr_t>(caller) - own.start < own.bytes;
}

void backtrace_capture(stack_trace& out, unsigned depth) {
    if (KSLAB_UNLIKELY(!backtrace_booted.load(std::memory_order_acquire))) backtrace_own_text = find_own_text();
    machine_registers here;
    here.take();
    capture_from(out, depth, backtrace_caller(), first_frame::after_call, here);
}

void backtrace_from_context(stack_trace& out, unsigned depth, const void* ucontext) {
    const auto* context = static_cast<const ucontext_t*>(ucontext);
    machine_registers there;
    registers_of_context(there, context);
    capture_from(out, depth, position_of_context(context), first_frame::at_instruction, there);
}

}  // namespace kslab
