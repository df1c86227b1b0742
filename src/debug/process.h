// Not called debug.h: the C++ library has a header of that name.
// The life of debugging in a process. Called when debugging or sampling is on, by src/malloc.
#pragma once

namespace kslab {

// From the library's constructor: libc can be used.
void debug_start();

// Last of all at exit: validation, leaks, summary. The status to exit with, -1 for the program's own. `stack_from`: what lies below
// is not the program's.
int debug_finish(const void* stack_from);

// In the child of a fork, when the locks are reset.
void debug_after_fork();

}  // namespace kslab
