// Some of the address space, from `start` up to `end`.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct address_range {
    uintptr_t start, end;

    bool contains(uintptr_t address) const { return address >= start && address < end; }
};

}  // namespace kslab
