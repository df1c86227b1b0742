// sigaction, signal and sigaltstack, while debugging: what the program installs for SIGSEGV, SIGBUS and SIGABRT must not take
// the place of the handler that explains faults (debug/fault/fault_signal.h); and alternate stacks are roots of the leak scan. Everything
// else is as without kslab: a tail call of libc's, or its system call.
//
// libc's functions are called by names of theirs that are not exported here, so that nothing has to be looked up:
// these may be called before any constructor has run. Only in the shared library.
#include <errno.h>
#include <signal.h>

#include "base/attributes.h"
#include "debug/fault/fault_signal.h"
#include "debug/leak/alternate_stacks.h"
#include "kmalloc/kmalloc.h"
#include "os/syscall.h"

extern "C" {
int __sigaction(int number, const struct sigaction* set, struct sigaction* old);
sighandler_t ssignal(int number, sighandler_t handler) noexcept;
sighandler_t sysv_signal(int number, sighandler_t handler) noexcept;
}

namespace {

// True when it is done; `handler` is then the result.
bool set_handler(int number, sighandler_t& handler, int flags, bool block) {
    if (!kslab::fault_signal_is_ours(number)) return false;
    if (handler == SIG_ERR) return false;  // libc says EINVAL
    struct sigaction set, old;
    set.sa_handler = handler;
    set.sa_flags = flags;
    __builtin_memset(&set.sa_mask, 0, sizeof set.sa_mask);
    if (block) set.sa_mask.__val[0] = 1ul << (number - 1);
    if (!kslab::fault_signal_intercept(number, &set, &old)) return false;
    handler = old.sa_handler;
    return true;
}

}  // namespace

#define KSLAB_NAME extern "C" KSLAB_EXPORT __attribute__((used))

KSLAB_NAME int sigaction(int number, const struct sigaction* set, struct sigaction* old) noexcept {
    if (kslab::fault_signal_intercept(number, set, old)) return 0;
    return __sigaction(number, set, old);
}

KSLAB_NAME sighandler_t signal(int number, sighandler_t handler) noexcept {
    return set_handler(number, handler, SA_RESTART, true) ? handler : ssignal(number, handler);
}

// What is given to it only the kernel knows from then on.
KSLAB_NAME int sigaltstack(const stack_t* set, stack_t* old) noexcept {
    long result = kslab::raw_syscall(SYS_sigaltstack, reinterpret_cast<long>(set), reinterpret_cast<long>(old));
    // `set` and `old` may be one, and the stack is set even where `old` cannot be written.
    stack_t now;
    bool asked = set != nullptr && (kslab::debug_flags & kslab::kDebugLeaks) != 0;
    if (asked && kslab::raw_syscall(SYS_sigaltstack, 0, reinterpret_cast<long>(&now)) == 0)
        kslab::alternate_stack_note((now.ss_flags & SS_DISABLE) != 0 ? nullptr : now.ss_sp);
    if (!kslab::syscall_failed(result)) return 0;
    errno = static_cast<int>(-result);
    return -1;
}

// What `signal` is called where a program asks for System V or X/Open alone.
KSLAB_NAME sighandler_t __sysv_signal(int number, sighandler_t handler) noexcept {
    constexpr int kFlags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    return set_handler(number, handler, kFlags, false) ? handler : sysv_signal(number, handler);
}
