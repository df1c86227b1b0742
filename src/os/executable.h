// Questions about the executable and the libraries of this process. Everything here tolerates a static
// program, where the dynamic linker's functions do not exist.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Whether the executable's own dynamic symbol table defines `name` (the address of a function in a non-PIE
// program may be its own PLT entry: dlsym's answer would be wrong).
bool executable_defines(const char* name);

// Whether `address` lies in the executable itself.
bool executable_contains(const void* address);

// Whether the library that contains kslab comes behind libc in the search order: it was loaded with dlopen, or
// as somebody's dependency. Then malloc is libc's for everybody.
bool behind_libc();

// The next definition of `name` behind the library or program that contains kslab; null when there is none.
// errno is preserved. May allocate.
void* next_definition(const char* name);

}  // namespace kslab
