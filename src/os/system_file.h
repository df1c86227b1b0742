// What the system says in small files below /proc and /sys.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Reads the beginning of a file; how many bytes, 0 when it cannot be read.
size_t os_read_file(const char* path, char* into, size_t bytes);

}  // namespace kslab
