// Roots of the leak scan: all memory of the process that may hold pointers to objects under debugging, but for those
// objects themselves. That is
//
//   every private mapping that the program can write or has written: data of modules, stacks, thread-local memory
//   and thread control blocks, anonymous memory; also anonymous shared memory
//   slabs and runs of kslab that are not under debugging
//   the registers of the threads, and where their alternate signal stacks begin
//
// and not: kslab's records, free pages, and what lies on a stack below its stack pointer.
#pragma once
#include "debug/leak/leak_reader.h"
#include "debug/leak/leak_threads.h"

namespace kslab {

struct root_request {
    leak_reader* reader;
    const stopped_threads* threads;
    uintptr_t stack_pointer;  // of this thread: what lies below is not the program's; registers were saved above it
    // More mappings of the scan itself, by their first byte.
    static constexpr unsigned kOwn = 2;
    uintptr_t own[kOwn];
};

// False when /proc is missing: then nothing can be said.
bool for_each_root(const root_request& request, word_visitor to);

}  // namespace kslab
