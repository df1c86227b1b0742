// The records of a slab under debugging lie behind its descriptor's bufctl, one for each object.
#pragma once
#include "check/record.h"
#include "slab/slab.h"

namespace kslab {

constexpr size_t debug_descriptor_bytes(size_t num) {
    return slab_descriptor_bytes(num) + num * sizeof(object_record);
}

inline object_record* slab_record(slab* s, uint32_t index) {
    char* behind = reinterpret_cast<char*>(s) + slab_descriptor_bytes(s->num);
    return reinterpret_cast<object_record*>(behind) + index;
}

}  // namespace kslab
