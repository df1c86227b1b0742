// A function that runs when a thread ends, after the destructors of the program's own thread-specific keys.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Once. False when the process has no key left: then threads are not drained when they end.
bool os_thread_exit_init(void (*function)(void*));

// The function will run for this thread, with `value`. Called again from within the function it postpones
// itself to the next round of destructors.
void os_thread_exit_arm(void* value);

}  // namespace kslab
