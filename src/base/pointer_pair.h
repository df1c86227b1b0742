// Two addresses in one register of 16 bytes, which every machine that kslab knows has: arrays of pointers are filled and
// compared two at a time.
#pragma once
#include "base/attributes.h"

namespace kslab {

using pointer_pair __attribute__((vector_size(16))) = uintptr_t;
static_assert(sizeof(pointer_pair) == 2 * sizeof(void*));

// From any place in a table: it need not be aligned to 16.
inline pointer_pair load_pair(void* const* from) {
    pointer_pair both;
    __builtin_memcpy(&both, from, sizeof both);
    return both;
}

inline void store_pair(void** to, pointer_pair both) { __builtin_memcpy(to, &both, sizeof both); }

}  // namespace kslab
