// What the program believes to be installed for SIGSEGV, SIGBUS and SIGABRT, and doing it: our handler is the kernel's, the
// program's is kept here and called from ours as the kernel would have called it.
//
// While nothing else is asked for, ours runs on the alternate stack. A handler of the program's runs where the
// program wants it: the kernel is told the same flags about stacks and restarting.
//
// An ignored signal is kept here as well: a fault is reported then, too, though a program that is exec'ed does not
// inherit that it was ignored.
#pragma once
#include <signal.h>

#include "base/attributes.h"

namespace kslab {

// As in the kernel's ABI.
struct kernel_sigaction {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

using fault_handler = void (*)(int signal, siginfo_t* info, void* context);

// Installs the handler for these signals, and keeps what was there.
void fault_actions_install(fault_handler handler);

// Whether a function of the program's is there.
bool fault_has_handler(int signal);

// What the program gets after our look: its handler, or its death.
void fault_pass_on(int signal, siginfo_t* info, void* context);

// Ends the process by this signal, wherever it is.
[[noreturn]] void fault_die(int signal);

// The next fault kills. From within a handler that returns, that is the same fault again.
void fault_restore_default(int signal);

}  // namespace kslab
