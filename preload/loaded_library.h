#pragma once

namespace kslab {

// `name` in the library `file`, if that is loaded already; null otherwise. errno is preserved. Only in the shared
// library: a static program that refers to dlopen gets a warning from the linker.
void* loaded_definition(const char* file, const char* name);

}  // namespace kslab
