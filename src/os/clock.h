// Time for reaping and decay: milliseconds from an arbitrary start, as coarse as the kernel's tick.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Read through the vDSO; false where there is none (some sandboxes, valgrind): callers count operations
// instead, because a clock that is a system call may be forbidden.
bool clock_read(uint64_t& milliseconds);

// Tests put their own clock here; null restores the real one.
void clock_set_source(bool (*source)(uint64_t&));

}  // namespace kslab
