// SIGSEGV and SIGBUS: a fault on a guard page, on a freed object or through a poison pattern becomes the report of
// the object concerned; then the program gets its signal. Where it has no handler of its own and dies by them, or by abort(), the
// heap is checked before: no other check of what is damaged would come.
#pragma once
#include <signal.h>
#include <stdint.h>

namespace kslab {

// Installs the handler; when debugging is on. Without memory for a stack to report on it says so, and faults are not reported.
void fault_signal_boot();
// Whether the mapping that begins there is that stack: nothing in it is the program's.
bool is_fault_stack(uintptr_t start);
// In the child of a fork: no other thread is reporting a fault there.
void fault_after_fork();

bool fault_signal_is_ours(int signal);
// sigaction and signal of the program for these, which must not replace ours (preload/signals.cpp). False: not
// such a signal, or debugging is off: do what libc does.
bool fault_signal_intercept(int signal, const struct sigaction* set, struct sigaction* old);

}  // namespace kslab
