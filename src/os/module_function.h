// Functions of the objects that are mapped, by their dynamic symbol tables, without the loader.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Whether `address` lies in the function `name` of the object that holds it, which was moved by `base` from the
// addresses that it was linked for. False as well when the object does not export such a function.
bool address_in_function(uintptr_t address, uintptr_t base, const char* name);

// Whether that object exports a function `name`, and always uses it itself (-Bsymbolic), whoever else exports one.
bool binds_to_itself(uintptr_t address, uintptr_t base, const char* name);

}  // namespace kslab
