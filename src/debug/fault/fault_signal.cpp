// The handler of SIGSEGV, SIGBUS and SIGABRT.
//
//   handle_fault   is it ours to report? → report on a stack of our own → the program's handler, or its death
//                  death? → before it the heap is checked, on that stack
//
// The program's stack may be any size, and its alternate stack a few KiB: nothing but the first question is asked
// there. One thread at a time reports; all signals but those of faults are blocked meanwhile.
#include "debug/fault/fault_signal.h"

#include <errno.h>
#include <ucontext.h>

#include <atomic>

#include "base/check.h"
#include "debug/fault/fault_action.h"
#include "debug/fault/fault_context.h"
#include "debug/fault/fault_finding.h"
#include "debug/guard/guard.h"
#include "debug/object/validate_objects.h"
#include "os/memory.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr size_t kStackBytes = size_t{256} << 10;
char* report_stack;  // made when debugging starts, between two inaccessible pages
// The thread that stands on it; 0: none.
std::atomic<uintptr_t> reporter{0};

struct fault {
    int signal;
    siginfo_t* info;
    void* context;
};

#if defined(__x86_64__)
KSLAB_NOINLINE void call_on(char* stack, void (*function)(void*), void* argument) {
    __asm__ volatile(
        "movq %%rsp, %%rbx\n\t"
        "movq %[stack], %%rsp\n\t"
        "callq *%[function]\n\t"
        "movq %%rbx, %%rsp"
        : "+D"(argument)
        : [function] "r"(function), [stack] "r"(stack)
        : "rbx", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
          "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}
uintptr_t stack_pointer_of(const void* context) {
    return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
}
#elif defined(__aarch64__)
KSLAB_NOINLINE void call_on(char* stack, void (*function)(void*), void* argument) {
    register void* x0 __asm__("x0") = argument;
    __asm__ volatile(
        "mov x19, sp\n\t"
        "mov sp, %[stack]\n\t"
        "blr %[function]\n\t"
        "mov sp, x19"
        : "+r"(x0)
        : [function] "r"(function), [stack] "r"(stack)
        : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
          "x17", "x18", "x19", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
          "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");
}
uintptr_t stack_pointer_of(const void* context) {
    return static_cast<const ucontext_t*>(context)->uc_mcontext.sp;
}
#endif

// A fault of our own while reporting another, also where the stack ended.
bool is_nested(const void* context) {
    size_t below = os_page_size();
    return stack_pointer_of(context) - (reinterpret_cast<uintptr_t>(report_stack) - below) <= below + kStackBytes;
}

KSLAB_NOINLINE void say_nested(const fault& of) {
    report_line()->put("a fault at ").ptr(of.info->si_addr).put(" while a fault was being reported");
}

KSLAB_NOINLINE void say_busy(const fault& of) {
    report_line()->put("a fault at ").ptr(of.info->si_addr).put(" is not reported: another report does not end");
}

// Another thread may be in the middle of a report, waiting for the symboliser; or this one was, when it faulted.
constexpr unsigned kPatience = 12000;
bool wait_for_turn() {
    for (unsigned i = 0; i < kPatience; i++) {
        uintptr_t nobody = 0;
        if (reporter.compare_exchange_strong(nobody, host_thread_token(), std::memory_order_acquire)) return true;
        // A report of this thread's that a handler of SIGABRT left by a jump.
        if (nobody == host_thread_token()) return true;
        host_sleep_a_millisecond();
    }
    return false;
}

bool reports_possible() {
    for (unsigned i = 0; i < kPatience; i++) {
        if (report_lock.try_lock()) {
            report_lock.unlock();
            return true;
        }
        host_sleep_a_millisecond();
    }
    return false;
}

void report_fault(void* argument) {
    const fault& of = *static_cast<fault*>(argument);
    finding_lease f(defect::poison_pointer);
    if (!f || !judge_fault(*f, of.info, of.context, fault_has_handler(of.signal))) return;
    if (!reports_possible()) return say_busy(of);
    report_finding(*f);
}

// ---- Before the program dies: what is damaged is found now, or never.

bool dies(const fault& of) {
    if (debug_flags == 0 || fault_has_handler(of.signal)) return false;
    return of.signal == SIGABRT ? !host_aborts() : of.info->si_code > 0;
}

int dying_of;

// On whatever stack, with whatever locks.
void give_up() {
    report_line()->put("the heap is not checked to the end: it cannot be read, or the program dies in the middle of a change to it");
    fault_die(dying_of);
}

void check_heap(void* argument) {
    dying_of = static_cast<fault*>(argument)->signal;
    dying_gives_up = give_up;
    // Another thread's report may wait for the symboliser longer than for any other lock.
    if (!reports_possible()) return give_up();
    dying_thread.store(host_thread_token(), std::memory_order_relaxed);
    validate_objects(dying_of == SIGABRT ? "validation at abort()" : "validation at a crash");
    dying_thread.store(0, std::memory_order_relaxed);
}

// Faults are part of life of a program that has a handler: it waits for nobody unless an object of ours is concerned.
bool worth_a_look(const fault& of) {
    if (of.info->si_code <= 0) return false;
    if (!fault_has_handler(of.signal)) return true;
    place p;
    return of.info->si_code != SI_KERNEL && guard_covers(of.info->si_addr, p);
}

KSLAB_NOINLINE bool look_at(fault of) {
    if (is_nested(of.context)) {
        if (dying_thread.load(std::memory_order_relaxed) == host_thread_token()) give_up();
        say_nested(of);
        return false;
    }
    bool report = of.signal != SIGABRT && worth_a_look(of);
    bool check = dies(of);
    if (!report && !check) return true;
    if (!wait_for_turn()) {
        if (report) say_busy(of);
        return true;
    }
    if (report) call_on(report_stack + kStackBytes, report_fault, &of);
    if (check) call_on(report_stack + kStackBytes, check_heap, &of);
    reporter.store(0, std::memory_order_release);
    return true;
}

void handle_fault(int signal, siginfo_t* info, void* context) {
    int saved = errno;
    bool whole = look_at({signal, info, context});
    errno = saved;
    if (whole)
        fault_pass_on(signal, info, context);
    else
        fault_restore_default(signal);
}

}  // namespace

void fault_signal_boot() {
    report_stack = static_cast<char*>(os_map_guarded(kStackBytes));
    if (report_stack == nullptr) {
        report_line()->put("no memory for a stack to report faults on: they are not reported");
        return;
    }
    fault_actions_install(handle_fault);
}

bool is_fault_stack(uintptr_t start) { return start == reinterpret_cast<uintptr_t>(report_stack) && start != 0; }

void fault_after_fork() {
    reporter.store(0, std::memory_order_relaxed);
    dying_thread.store(0, std::memory_order_relaxed);
}

}  // namespace kslab
