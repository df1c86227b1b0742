// Address space below 2 GiB: for pointers that somebody keeps in 31 bits.
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr uintptr_t kLowEnd = uintptr_t{1} << 31;

// As os_map, with all of it below kLowEnd; null when there is no such room. The system knows how to look for it on
// x86-64, in the upper half; elsewhere, and when that half is full, places are tried one by one.
void* os_map_low(size_t bytes);

// Tests: from now on the system does not seem to know how to look; nor, with `old_kernel`, how to take a place or none.
void os_map_low_by_hints(bool only, bool old_kernel = false);

}  // namespace kslab
