// Leaks (L): a conservative scan from all roots, as the kernel's kmemleak; see leaks.cpp.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct leak_totals {
    size_t direct_objects, direct_bytes;
    size_t indirect_objects, indirect_bytes;
    size_t possible_objects, possible_bytes;
    size_t live_objects, live_bytes;
    bool registers_read;   // of the other threads
    bool complete;         // false: memory was too short, or /proc is missing, and nothing was reported
};

// Stops the other threads, scans, lets them go, then reports a finding for each allocation stack. Of the calling thread's stack
// what lies from `stack_from` on is the program's; null: from the caller on, with the registers. Frames below it hold what earlier
// calls left there, and would hide a leak as the layout of the process happens to be.
leak_totals leaks_report(const char* found_by, const void* stack_from = nullptr);

// The objects in use by allocation stack, the largest sum first, as the kernel's slab_allocators.
void live_objects_report();

}  // namespace kslab
