#include "debug/leak/leak_threads.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/bits.h"
#include "debug/leak/leak_tracer.h"
#include "os/memory.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr size_t kTracerStack = size_t{64} << 10;
constexpr uint64_t kAllSignals = ~uint64_t{0};
constexpr uint64_t kSliceMs = 20;

// Where it is allowed to be traced by its own children only (Yama).
void permit_tracer(long tracer) { raw_syscall(SYS_prctl, PR_SET_PTRACER, tracer); }

void set_signal_mask(uint64_t set, uint64_t* old) {
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&set), reinterpret_cast<long>(old), sizeof set);
}

// In the tracer's process.
void tracer_main(tracer_work* work) {
    // It must not outlive the thread it works for.
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    trace_threads(*work);
}

// A process with this memory and these descriptors that runs `function` on its own stack. Its end sends no signal,
// and wait() without __WALL does not see it.
long start_process(void* stack_end, void (*function)(tracer_work*), tracer_work* work) {
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register void (*r12)(tracer_work*) __asm__("r12") = function;
    register tracer_work* r13 __asm__("r13") = work;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r13, %%rdi\n\t"
        "call *%%r12\n\t"
        "xor %%edi, %%edi\n\t"
        "mov %[exit], %%eax\n\t"
        "syscall\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(flags), "S"(stack_end), "d"(0), "r"(r10), "r"(r8), "r"(r12), "r"(r13),
          [exit] "i"(SYS_exit)
        : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clone;
    register unsigned long x0 __asm__("x0") = flags;
    register void* x1 __asm__("x1") = stack_end;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register void (*x20)(tracer_work*) __asm__("x20") = function;
    register tracer_work* x21 __asm__("x21") = work;
    __asm__ volatile(
        "svc 0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, x21\n\t"
        "blr x20\n\t"
        "mov x0, xzr\n\t"
        "mov x8, %[exit]\n\t"
        "svc 0\n\t"
        "brk 1\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x20), "r"(x21), [exit] "i"(SYS_exit)
        : "memory", "cc");
    return static_cast<long>(x0);
#endif
}

bool count_one(long, void* context) {
    ++*static_cast<size_t*>(context);
    return true;
}

// Waits until the tracer has answered. False: it did not, it has died, or it was refused.
bool tracer_answered(tracer_work& work, long tracer) {
    uint64_t deadline = monotonic_ms() + kStopLimitMs + 1000;
    while (!tracer_wait(work, tracer_phase::permitted, kSliceMs)) {
        siginfo_t info;
        info.si_pid = 0;
        long result = raw_syscall(SYS_waitid, P_PID, tracer, reinterpret_cast<long>(&info),
                                  WEXITED | WNOHANG | WNOWAIT | __WALL, 0);
        if (result != 0 || info.si_pid != 0 || monotonic_ms() >= deadline) return false;
    }
    return work.phase.load(std::memory_order_acquire) == static_cast<uint32_t>(tracer_phase::stopped);
}

void end_tracer(stopped_threads& out, bool kill) {
    if (kill) raw_syscall(SYS_kill, out.tracer, SIGKILL);
    while (raw_syscall(SYS_wait4, out.tracer, 0, __WALL, 0) == -EINTR) {
    }
    permit_tracer(0);
    out.tracer = 0;
}

tracer_work* make_work(stopped_threads& out, int directory, size_t threads) {
    // Twice as many, because they may be starting more.
    size_t limit = threads * 2 + 64;
    size_t head = align_up(sizeof(tracer_work), kCacheLine);
    out.memory_bytes = align_up(head + limit * sizeof(tracee) + kTracerStack, kPageSize);
    out.memory = os_map_guarded(out.memory_bytes);
    if (out.memory == nullptr) return nullptr;
    tracer_work* work = static_cast<tracer_work*>(out.memory);
    work->phase = static_cast<uint32_t>(tracer_phase::started);
    work->task_directory = directory;
    work->caller = static_cast<int32_t>(raw_syscall(SYS_gettid));
    work->limit = static_cast<uint32_t>(limit);
    work->count = 0;
    work->all_read = false;
    work->threads = reinterpret_cast<tracee*>(static_cast<char*>(out.memory) + head);
    return work;
}

void stop_others(stopped_threads& out, int directory, size_t threads) {
    tracer_work* work = make_work(out, directory, threads);
    if (work == nullptr) return;
    long tracer = start_process(static_cast<char*>(out.memory) + out.memory_bytes, tracer_main, work);
    if (syscall_failed(tracer)) return;
    out.tracer = tracer;
    permit_tracer(tracer);
    tracer_enter(*work, tracer_phase::permitted);
    if (!tracer_answered(*work, tracer)) return end_tracer(out, true);
    out.stopped = true;
    out.complete = work->all_read;
    out.threads = work->threads;
    out.count = work->count;
}

}  // namespace

void threads_stop(stopped_threads& out) {
    out = stopped_threads{};
    // The tracer inherits the mask: no handler of the program runs in it, whatever is sent to it.
    set_signal_mask(kAllSignals, &out.old_mask);
    long directory = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/task"),
                                 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    size_t threads = 0;
    if (for_each_number(static_cast<int>(directory), count_one, &threads)) {
        if (threads <= 1)
            out.stopped = out.complete = true;
        else
            stop_others(out, static_cast<int>(directory), threads);
    }
    raw_syscall(SYS_close, directory);
}

void threads_resume(stopped_threads& out) {
    if (out.tracer != 0) {
        tracer_enter(*static_cast<tracer_work*>(out.memory), tracer_phase::finish);
        end_tracer(out, false);
    }
    if (out.memory != nullptr)
        os_unmap(static_cast<char*>(out.memory) - os_page_size(), out.memory_bytes + 2 * os_page_size());
    uint64_t mask = out.old_mask;
    out = stopped_threads{};
    set_signal_mask(mask, nullptr);
}

}  // namespace kslab
