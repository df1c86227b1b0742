// Reading memory of this process that may not be there: through the kernel, which answers instead of faulting.
#pragma once
#include "base/attributes.h"

namespace kslab {

// False when not all bytes could be read. No lock, no heap, errno stays.
bool read_own_memory(uintptr_t from, void* to, size_t bytes);

}  // namespace kslab
