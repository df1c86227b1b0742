// Functions that the kernel maps into every process, which need no system call.
#pragma once
#include "base/attributes.h"

namespace kslab {

// The address of the function with that name; null where there is none (some sandboxes, valgrind).
void* find_in_vdso(const char* name);

// Tests: from now on nothing is there. What was found before is in use already.
void vdso_forget(bool forgotten);

}  // namespace kslab
