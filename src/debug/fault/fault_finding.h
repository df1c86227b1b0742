// What a fault says about the heap.
#pragma once
#include <signal.h>

#include "debug/report/finding.h"

namespace kslab {

// Of an access to an inaccessible page of a guarded object: the object meant, and what was done to it. The page
// between two objects belongs to whom the address is nearer to.
defect judge_guarded(const void* address, bool write, place& p);

// Fills the finding: false when the heap has nothing to do with it. `guarded_only`: other accesses do not count,
// because the program has its own use for faults.
bool judge_fault(finding& f, const siginfo_t* info, const void* context, bool guarded_only);

// Whether `value` is a pattern that kslab fills memory with, or near one, as are the addresses of members of what a
// pointer read from there points to. `byte` is which.
bool is_poison(uintptr_t value, unsigned char& byte);
// The same for numbers of four bytes.
bool is_poison_32(uintptr_t value, unsigned char& byte);

}  // namespace kslab
