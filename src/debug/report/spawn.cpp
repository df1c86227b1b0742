// See symbolizer.cpp for who the three processes are.
#include "debug/report/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "os/syscall.h"

namespace kslab {

namespace {

constexpr size_t kStackBytes = 16 << 10;
constexpr int64_t kLimitMs = 5000;
constexpr size_t kSignalSetBytes = 8;

constinit const filter_call* current = nullptr;
constinit size_t answer_length = 0;
KSLAB_APART constinit char go_between_stack[kStackBytes];
KSLAB_APART constinit char helper_stack[kStackBytes];

template <typename T>
long as_long(T* pointer) {
    return reinterpret_cast<long>(pointer);
}

[[noreturn]] void exit_now(int status) {
    for (;;) raw_syscall(SYS_exit_group, status);
}

// A new process that shares the memory and runs `body` on its own stack; its id, or -errno. Sleeps until the child
// has called execve or ended.
long start_process(unsigned long flags, char (&stack)[kStackBytes], void (*body)()) {
    char* top = stack + kStackBytes;
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "call *%[body]\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0), "r"(r10), "r"(r8), [body] "b"(body)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clone;
    register long x0 __asm__("x0") = static_cast<long>(flags);
    register long x1 __asm__("x1") = as_long(top);
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register long x19 __asm__("x19") = reinterpret_cast<long>(body);
    __asm__ volatile(
        "svc 0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "blr x19\n\t"
        "brk 1\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19)
        : "memory", "x30");
    return x0;
#endif
}

int64_t now_ms() {
    timespec now{};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, as_long(&now));
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

long wait_for(long process, int& status) {
    long result;
    do {
        result = raw_syscall(SYS_wait4, process, as_long(&status), __WALL, 0);
    } while (result == -EINTR);
    return result;
}

// ---- The helper, before it is another program. Descriptors 0 to 3 are the two pipes, nothing else is open.
//   0 read end of the input (its own place already), 1 write end of it, 2 read end of the output, 3 write end of it

void helper_body() {
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    raw_syscall(SYS_fcntl, 0, F_SETFD, 0);
    // dup3 closes what was there and leaves close-on-exec off.
    if (raw_syscall(SYS_dup3, 3, 1, 0) != 1) exit_now(127);
    long null = raw_syscall(SYS_openat, AT_FDCWD, as_long("/dev/null"), O_WRONLY | O_CLOEXEC);
    if (null >= 0) raw_syscall(SYS_dup3, null, 2, 0);
    rlimit no_core = {0, 0};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_CORE, as_long(&no_core), 0);
    raw_syscall(SYS_execve, as_long(current->path), as_long(current->arguments), as_long(current->environment));
    exit_now(127);
}

// ---- The go-between.

void close_everything() {
    if (raw_syscall(SYS_close_range, 0, ~0u, 0) == 0) return;
    rlimit limit = {1024, 1024};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, as_long(&limit));
    long end = limit.rlim_cur < 65536 ? static_cast<long>(limit.rlim_cur) : 65536;
    for (long fd = 0; fd < end; fd++) raw_syscall(SYS_close, fd);
}

// Writes what the pipe takes. False: nothing more to write, or nobody reads.
bool feed(size_t& written) {
    while (written < current->input_length) {
        long n = raw_syscall(SYS_write, 1, as_long(current->input + written),
                             static_cast<long>(current->input_length - written));
        if (n == -EAGAIN || n == -EINTR) return true;
        if (n < 0) return false;
        written += static_cast<size_t>(n);
    }
    return false;
}

// Moves both ways until the helper has closed its output. False: too long, or too late.
bool converse() {
    size_t written = 0;
    size_t length = 0;
    int64_t end = now_ms() + kLimitMs;
    bool feeding = true;
    for (;;) {
        int64_t left = end - now_ms();
        if (left <= 0) return false;
        timespec timeout = {static_cast<time_t>(left / 1000), static_cast<long>(left % 1000) * 1000000};
        pollfd ends[2] = {{2, POLLIN, 0}, {1, POLLOUT, 0}};
        long ready = raw_syscall(SYS_ppoll, as_long(ends), feeding ? 2 : 1, as_long(&timeout), 0, kSignalSetBytes);
        if (ready == -EINTR) continue;
        if (ready <= 0) return false;
        if (feeding && ends[1].revents != 0 && !feed(written)) {
            feeding = false;
            raw_syscall(SYS_close, 1);
        }
        if (ends[0].revents == 0) continue;
        if (length == current->capacity) return false;
        long n = raw_syscall(SYS_read, 2, as_long(current->output + length),
                             static_cast<long>(current->capacity - length));
        if (n == -EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        length += static_cast<size_t>(n);
    }
    answer_length = length;
    return true;
}

void go_between_body() {
    raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    // With SIGCHLD ignored, as the program may have it, the helper would be nobody's to wait for.
    struct {
        void* handler;
        unsigned long flags;
        void* restorer;
        unsigned long mask;
    } default_action = {};
    raw_syscall(SYS_rt_sigaction, SIGCHLD, as_long(&default_action), 0, kSignalSetBytes);
    close_everything();
    int to_helper[2];
    int from_helper[2];
    if (raw_syscall(SYS_pipe2, as_long(to_helper), O_CLOEXEC) != 0) exit_now(1);
    if (raw_syscall(SYS_pipe2, as_long(from_helper), O_CLOEXEC) != 0) exit_now(1);
    if (to_helper[0] != 0 || from_helper[1] != 3) exit_now(1);
    long helper = start_process(CLONE_VM | CLONE_VFORK | SIGCHLD, helper_stack, helper_body);
    if (helper <= 0) exit_now(1);
    raw_syscall(SYS_close, 0);
    raw_syscall(SYS_close, 3);
    raw_syscall(SYS_fcntl, 1, F_SETFL, O_WRONLY | O_NONBLOCK);
    bool complete = converse();
    if (!complete) raw_syscall(SYS_kill, helper, SIGKILL);
    int status = -1;
    if (wait_for(helper, status) != helper || status != 0 || !complete) answer_length = 0;
    exit_now(0);
}

}  // namespace

size_t run_filter(const filter_call& call) {
    current = &call;
    answer_length = 0;
    unsigned long all = ~0ul;
    unsigned long before = 0;
    if (raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&all), as_long(&before), kSignalSetBytes) != 0) return 0;
    long process = start_process(CLONE_VM | CLONE_VFORK, go_between_stack, go_between_body);
    int status;
    if (process > 0 && wait_for(process, status) != process) answer_length = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&before), 0, kSignalSetBytes);
    current = nullptr;
    return process > 0 ? answer_length : 0;
}

}  // namespace kslab
