// What the system says about one address: a cold read of /proc/self/maps, without allocation.
#pragma once
#include "base/attributes.h"

namespace kslab {

enum class mapping_kind : uint8_t {
    unknown,    // no mapping, or /proc is not there
    anonymous,  // private memory without a name, writable
    heap,       // the brk heap
    stack,      // of the first thread
    file,       // of a file: code, constants, static data
    behind_file,  // anonymous, and adjacent to static data: likely more of that
    other,      // special mappings
};

mapping_kind mapping_of(const void* address);

// Whether one mapping holds both.
bool same_mapping(const void* a, const void* b);

}  // namespace kslab
