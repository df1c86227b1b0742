// What the system says about one address: a cold read of /proc/self/maps, without allocation.
#pragma once
#include "base/attributes.h"

namespace kslab {

enum class mapping_kind : uint8_t {
    unknown,    // no mapping, or /proc is not there
    anonymous,  // private memory without a name, writable
    heap,       // the brk heap
    other,      // files, stacks, special mappings
};

mapping_kind mapping_of(const void* address);

}  // namespace kslab
