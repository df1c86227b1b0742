// The tracer: what runs in the process that stops the threads of another one whose memory it shares. It uses system
// calls only, and none of libc's state: its thread pointer is the caller's.
#pragma once
#include <atomic>

#include "debug/leak/leak_threads.h"

namespace kslab {

enum class tracer_phase : uint32_t { started, permitted, stopped, refused, finish };

// Lies at the start of the memory that both share, with the tracees behind it.
struct tracer_work {
    std::atomic<uint32_t> phase;
    int task_directory;  // /proc/self/task of the process concerned
    int32_t caller;      // the thread that is not stopped
    uint32_t limit;      // tracees at most
    uint32_t count;
    bool all_read;
    tracee* threads;
};

// Returns when all are resumed.
void trace_threads(tracer_work& work);

// Waits until the phase is another one than `phase`, for at most so long; false: it is not.
bool tracer_wait(tracer_work& work, tracer_phase phase, uint64_t milliseconds);
void tracer_enter(tracer_work& work, tracer_phase phase);

uint64_t monotonic_ms();
inline constexpr uint64_t kStopLimitMs = 5000;

// Calls `visit` with each number in the names of a directory of /proc; false when it cannot be read, or visit says so.
bool for_each_number(int directory, bool (*visit)(long number, void* context), void* context);

}  // namespace kslab
