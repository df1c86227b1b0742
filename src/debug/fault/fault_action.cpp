#include "debug/fault/fault_action.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <atomic>

#include "base/host.h"
#include "debug/fault/fault_signal.h"
#include "os/memory.h"
#include "os/syscall.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

namespace kslab {

namespace {

constexpr unsigned long kRestorer = 0x04000000;  // SA_RESTORER, which no header has
constexpr unsigned long kMirrored = SA_ONSTACK | SA_RESTART;
constexpr unsigned long kKnownFlags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |
                                      SA_RESETHAND | kRestorer;
constexpr uintptr_t kDefault = 0, kIgnore = 1;

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }
constexpr uint64_t kFaults = bit(SIGSEGV) | bit(SIGBUS);
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGABRT};
constexpr unsigned kSignalCount = sizeof kSignals / sizeof kSignals[0];

// kSignalCount: none of these.
constexpr unsigned index_of(int signal) {
    unsigned i = 0;
    while (i < kSignalCount && kSignals[i] != signal) i++;
    return i;
}

std::atomic<uint32_t> actions_busy{0};
kernel_sigaction actions[kSignalCount];  // actions_busy
fault_handler our_handler = nullptr;

// Which process `actions` belongs to. The child of a vfork shares memory, but has handlers of its own: it must not
// change ours. The child of a fork finds the page wiped, and takes over.
struct owner_page {
    std::atomic<long> process;
};
owner_page* owner = nullptr;

kernel_sigaction& action_of(int signal) { return actions[index_of(signal) % kSignalCount]; }

// No signal arrives while the actions are looked at: its handler might want them, too.
class actions_lock {
public:
    actions_lock() {
        uint64_t all = ~uint64_t{0};
        raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&all), reinterpret_cast<long>(&before_),
                    sizeof all);
        while (actions_busy.exchange(1, std::memory_order_acquire) != 0) host_yield();
    }
    ~actions_lock() {
        actions_busy.store(0, std::memory_order_release);
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before_), 0, sizeof before_);
    }
    actions_lock(const actions_lock&) = delete;
    actions_lock& operator=(const actions_lock&) = delete;

private:
    uint64_t before_ = 0;
};

long set_action(int signal, const kernel_sigaction* set, kernel_sigaction* old) {
    return raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(set), reinterpret_cast<long>(old),
                       sizeof(uint64_t));
}

#if defined(__x86_64__)
// Unwinders know a signal's frame by these nine bytes. They look at the byte before a return address: it must not
// belong to a function with unwinding tables.
extern "C" void kslab_restore_rt() __attribute__((visibility("hidden")));
__asm__(
    ".text\n"
    ".balign 16\n"
    ".skip 16, 0x90\n"
    ".hidden kslab_restore_rt\n"
    ".globl kslab_restore_rt\n"
    ".type kslab_restore_rt, @function\n"
    "kslab_restore_rt:\n"
    "    movq $15, %rax\n"
    "    syscall\n"
    ".size kslab_restore_rt, . - kslab_restore_rt\n");
uintptr_t restorer() { return reinterpret_cast<uintptr_t>(&kslab_restore_rt); }
#else
uintptr_t restorer() { return 0; }
#endif

// While ours runs, only faults of its own interrupt it.
void tell_kernel(int signal, const kernel_sigaction& of_program) {
    // Ignored signals stay so across exec. A fault of an instruction ends the process all the same, without report.
    if (of_program.handler == kIgnore) {
        set_action(signal, &of_program, nullptr);
        return;
    }
    unsigned long mirrored = of_program.handler > kIgnore ? of_program.flags & kMirrored : kMirrored;
    kernel_sigaction ours{reinterpret_cast<uintptr_t>(our_handler), SA_SIGINFO | SA_NODEFER | mirrored, restorer(),
                          ~kFaults};
    if (ours.restorer != 0) ours.flags |= kRestorer;
    set_action(signal, &ours, nullptr);
}

void note_owner() {
    void* page = os_map(os_page_size());
    if (page == nullptr) return;
    raw_syscall(SYS_madvise, reinterpret_cast<long>(page), static_cast<long>(os_page_size()), MADV_WIPEONFORK);
    owner = static_cast<owner_page*>(page);
    owner->process.store(raw_syscall(SYS_getpid), std::memory_order_relaxed);
}

bool actions_are_ours() {
    if (owner == nullptr) return true;
    long self = raw_syscall(SYS_getpid);
    long known = owner->process.load(std::memory_order_relaxed);
    if (known == self) return true;
    if (known != 0) return false;
    owner->process.store(self, std::memory_order_relaxed);
    // A thread that does not exist here may have held it at the fork.
    actions_busy.store(0, std::memory_order_relaxed);
    return true;
}

kernel_sigaction from_libc(const struct sigaction& set) {
    kernel_sigaction action{reinterpret_cast<uintptr_t>(set.sa_handler), static_cast<unsigned>(set.sa_flags), 0, 0};
    __builtin_memcpy(&action.mask, &set.sa_mask, sizeof action.mask);
    action.mask &= ~(bit(SIGKILL) | bit(SIGSTOP));
    action.flags &= kKnownFlags;
    action.restorer = restorer();
    if (action.restorer != 0) action.flags |= kRestorer;
    return action;
}

void to_libc(const kernel_sigaction& action, struct sigaction& out) {
    __builtin_memset(&out.sa_mask, 0, sizeof out.sa_mask);
    __builtin_memcpy(&out.sa_mask, &action.mask, sizeof action.mask);
    out.sa_handler = reinterpret_cast<void (*)(int)>(action.handler);
    out.sa_flags = static_cast<int>(action.flags);
    out.sa_restorer = reinterpret_cast<void (*)()>(action.restorer);
}

// In the child of a vfork: straight to the kernel, but nobody sees our handler.
void exchange_elsewhere(int signal, const struct sigaction* set, struct sigaction* old) {
    kernel_sigaction fresh{}, before{};
    if (set != nullptr) fresh = from_libc(*set);
    set_action(signal, set != nullptr ? &fresh : nullptr, &before);
    if (old == nullptr) return;
    if (before.handler == reinterpret_cast<uintptr_t>(our_handler)) before = action_of(signal);
    to_libc(before, *old);
}

}  // namespace

void fault_actions_install(fault_handler handler) {
    if (our_handler != nullptr) return;
    note_owner();
    for (int signal : kSignals) set_action(signal, nullptr, &action_of(signal));
    our_handler = handler;
    for (int signal : kSignals) tell_kernel(signal, action_of(signal));
}

bool fault_signal_is_ours(int signal) { return index_of(signal) < kSignalCount; }

bool fault_signal_intercept(int signal, const struct sigaction* set, struct sigaction* old) {
    if (KSLAB_LIKELY(!fault_signal_is_ours(signal))) return false;
    if (our_handler == nullptr) return false;
    if (!actions_are_ours()) {
        exchange_elsewhere(signal, set, old);
        return true;
    }
    // Copied before: what the caller gave may not be readable, and then no lock is held.
    kernel_sigaction fresh{};
    if (set != nullptr) fresh = from_libc(*set);
    kernel_sigaction before;
    {
        actions_lock lock;
        before = action_of(signal);
        if (set != nullptr) {
            action_of(signal) = fresh;
            tell_kernel(signal, fresh);
        }
    }
    if (old != nullptr) to_libc(before, *old);
    return true;
}

bool fault_has_handler(int signal) {
    return __atomic_load_n(&action_of(signal).handler, __ATOMIC_RELAXED) > kIgnore;
}

void fault_restore_default(int signal) {
    kernel_sigaction none{};
    set_action(signal, &none, nullptr);
}

void fault_die(int signal) {
    fault_restore_default(signal);
    uint64_t only = bit(signal);
    raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&only), 0, sizeof only);
    raw_syscall(SYS_tgkill, raw_syscall(SYS_getpid), raw_syscall(SYS_gettid), signal);
    for (;;) __builtin_trap();
}

namespace {

// The instruction is executed once more, and kills with everything as it was. A signal that somebody sent is sent
// again.
void die_by(int signal, siginfo_t* info) {
    fault_restore_default(signal);
    // No instruction raises SIGABRT; and a handler that libc installed for another function has no siginfo.
    if (info->si_code > 0 && signal != SIGABRT) return;
    long process = raw_syscall(SYS_getpid), thread = raw_syscall(SYS_gettid);
    if (syscall_failed(raw_syscall(SYS_rt_tgsigqueueinfo, process, thread, signal, reinterpret_cast<long>(info))))
        raw_syscall(SYS_tgkill, process, thread, signal);
}

// A copy; a handler that is for once only is gone.
kernel_sigaction take_action(int signal) {
    bool ours = actions_are_ours();
    actions_lock lock;
    kernel_sigaction action = action_of(signal);
    if (ours && action.handler > kIgnore && (action.flags & SA_RESETHAND) != 0) action_of(signal).handler = kDefault;
    return action;
}

}  // namespace

void fault_pass_on(int signal, siginfo_t* info, void* context) {
    kernel_sigaction action = take_action(signal);
    if (action.handler == kIgnore && info->si_code <= 0) return;
    if (action.handler <= kIgnore) return die_by(signal, info);
    uint64_t mask;
    __builtin_memcpy(&mask, &static_cast<ucontext_t*>(context)->uc_sigmask, sizeof mask);
    mask |= action.mask;
    if ((action.flags & SA_NODEFER) == 0) mask |= bit(signal);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&mask), 0, sizeof mask);
    // Three arguments also where one was asked for, as the kernel does.
    reinterpret_cast<fault_handler>(action.handler)(signal, info, context);
}

}  // namespace kslab
