// Two addresses at a time: what is done to each object that comes or goes costs half as much. Every machine that kslab knows
// has registers of 16 bytes; the compiler knows the instructions.
#pragma once
#include "base/attributes.h"

namespace kslab {

typedef uintptr_t pointer_pair __attribute__((vector_size(16)));

// Of a table of pointers, at any place in it.
inline pointer_pair load_pair(void* const* from) {
    pointer_pair both;
    __builtin_memcpy(&both, from, sizeof both);
    return both;
}

inline void store_pair(void** to, pointer_pair both) { __builtin_memcpy(to, &both, sizeof both); }

}  // namespace kslab
