// Signals by which a user asks the library for something (KSLAB_SIGNAL, KSLAB_SLABINFO_SIGNAL).
#pragma once
#include <signal.h>

#include "base/attributes.h"

namespace kslab {

// Not those that say that the program failed: it would fail again, for ever.
inline bool may_ask_by(size_t signal) {
    for (int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS})
        if (signal == static_cast<size_t>(fault)) return false;
    return signal > 0 && signal <= 64;
}
inline constexpr char kNotByThisSignal[] = " is ignored: a signal is expected that can be caught and is no fault, such as 10 (SIGUSR1)";

}  // namespace kslab
