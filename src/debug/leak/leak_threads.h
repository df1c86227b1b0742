// Stopping the other threads of this process for a moment, and reading their registers.
//
// A thread cannot ptrace the other threads of its own process, so a helper process that shares the memory does it
// (the tracer): the program sees neither a child nor SIGCHLD. Where that is refused (a sandbox, a debugger that
// is there already) the threads run on. Nothing here waits longer than a few seconds, whatever threads do.
//
// While threads are stopped they may hold any lock of libc's: the caller uses nothing but system calls. The locks of
// the heap are its own (debug/heap_locks.h).
#pragma once
#include "base/attributes.h"

namespace kslab {

#if defined(__x86_64__)
inline constexpr unsigned kRegisterWords = 27;  // user_regs_struct
inline constexpr unsigned kStackRegister = 19;  // rsp
#elif defined(__aarch64__)
inline constexpr unsigned kRegisterWords = 34;  // user_pt_regs
inline constexpr unsigned kStackRegister = 31;  // sp
#endif

enum class tracee_state : uint8_t {
    seized,   // asked to stop
    stopped,  // registers are valid
    parked,   // in a system call that cannot be interrupted; it stops before it runs on
    gone,
};

struct tracee {
    int32_t thread;
    int32_t signal;  // that was about to be delivered
    tracee_state state;
    uintptr_t registers[kRegisterWords];
};

struct stopped_threads {
    bool stopped = false;    // no other thread runs
    bool complete = false;   // the registers of all are known
    tracee* threads = nullptr;
    size_t count = 0;
    // ---- Of leak_threads.cpp.
    void* memory = nullptr;
    size_t memory_bytes = 0;
    long tracer = 0;
    uint64_t old_mask = 0;
};

// All signals are blocked for the caller until threads_resume.
void threads_stop(stopped_threads& out);
void threads_resume(stopped_threads& out);

}  // namespace kslab
