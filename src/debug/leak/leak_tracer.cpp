#include "debug/leak/leak_tracer.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/format.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// A thread in an uninterruptible system call (vfork, a slow disk) is not waited for longer than this.
constexpr uint64_t kParkMs = 50;

long ptrace_call(long request, long thread, uintptr_t address = 0, uintptr_t data = 0) {
    return raw_syscall(SYS_ptrace, request, thread, static_cast<long>(address), static_cast<long>(data));
}

void sleep_us(long us) {
    timespec time = {0, us * 1000};
    raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&time), 0);
}

// The letter of /proc/PID/task/TID/stat, 0 when the thread is not there.
char state_letter(const tracer_work& work, long thread) {
    char buffer[512];
    text path(buffer, sizeof buffer - 1);
    path.dec(static_cast<uint64_t>(thread)).put("/stat");
    buffer[path.length()] = '\0';
    long fd = raw_syscall(SYS_openat, work.task_directory, reinterpret_cast<long>(buffer), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    long got = raw_syscall(SYS_read, fd, reinterpret_cast<long>(buffer), sizeof buffer);
    raw_syscall(SYS_close, fd);
    // The name is in parentheses and may hold some itself.
    for (long i = got; i-- > 0;)
        if (buffer[i] == ')') return i + 2 < got ? buffer[i + 2] : 0;
    return 0;
}

bool is_dead(char letter) { return letter == 0 || letter == 'Z' || letter == 'X'; }

tracee* find(tracer_work& work, long thread) {
    for (uint32_t i = work.count; i-- > 0;)
        if (work.threads[i].thread == thread) return &work.threads[i];
    return nullptr;
}

struct sweep {
    tracer_work& work;
    uint32_t added;
    bool refused;
};

bool seize(long thread, void* context) {
    sweep& s = *static_cast<sweep*>(context);
    tracer_work& work = s.work;
    if (thread == work.caller || find(work, thread) != nullptr) return true;
    if (work.count == work.limit) return s.refused = true, false;
    if (ptrace_call(PTRACE_SEIZE, thread) != 0) {
        // One that ends just now is none that matters.
        s.refused = !is_dead(state_letter(work, thread));
        return !s.refused;
    }
    ptrace_call(PTRACE_INTERRUPT, thread);
    tracee& added = work.threads[work.count++];
    added.thread = static_cast<int32_t>(thread);
    added.signal = 0;
    added.state = tracee_state::seized;
    s.added++;
    return true;
}

void read_registers(tracee& t) {
    iovec where = {t.registers, sizeof t.registers};
    bool read = ptrace_call(PTRACE_GETREGSET, t.thread, NT_PRSTATUS, reinterpret_cast<uintptr_t>(&where)) == 0;
    t.state = read ? tracee_state::stopped : tracee_state::gone;
}

void note_status(tracer_work& work, long thread, int status) {
    tracee* t = find(work, thread);
    if (t == nullptr) return;
    if (!WIFSTOPPED(status)) {
        t->state = tracee_state::gone;
        return;
    }
    // A signal on its way is delivered when the thread runs on.
    t->signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
    read_registers(*t);
}

uint32_t count_waiting(const tracer_work& work) {
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < work.count; i++) waiting += work.threads[i].state == tracee_state::seized;
    return waiting;
}

// Those that sleep where nothing wakes them: they meet the stop before they run on.
void park_sleepers(tracer_work& work) {
    for (uint32_t i = 0; i < work.count; i++) {
        tracee& t = work.threads[i];
        if (t.state != tracee_state::seized) continue;
        char letter = state_letter(work, t.thread);
        if (letter == 'D') t.state = tracee_state::parked;
        if (is_dead(letter)) t.state = tracee_state::gone;
    }
}

bool wait_for_all(tracer_work& work, uint64_t deadline) {
    uint64_t started = monotonic_ms();
    long pause = 20;
    while (count_waiting(work) > 0) {
        int status = 0;
        long thread = raw_syscall(SYS_wait4, -1, reinterpret_cast<long>(&status), __WALL | WNOHANG, 0);
        if (thread > 0) {
            note_status(work, thread, status);
            continue;
        }
        uint64_t now = monotonic_ms();
        if (now >= deadline) return false;
        if (now - started >= kParkMs) park_sleepers(work);
        sleep_us(pause);
        if (pause < 1000) pause *= 2;
    }
    return true;
}

// Threads may start others until all are stopped.
bool stop_all(tracer_work& work) {
    uint64_t deadline = monotonic_ms() + kStopLimitMs;
    for (;;) {
        sweep s = {work, 0, false};
        if (!for_each_number(work.task_directory, seize, &s) || s.refused) return false;
        if (s.added == 0) return true;
        if (!wait_for_all(work, deadline)) return false;
    }
}

// What is not stopped is let go when the tracer ends.
void resume_all(tracer_work& work) {
    for (uint32_t i = 0; i < work.count; i++) {
        const tracee& t = work.threads[i];
        if (t.state == tracee_state::stopped)
            ptrace_call(PTRACE_DETACH, t.thread, 0, static_cast<uintptr_t>(t.signal));
    }
}

}  // namespace

uint64_t monotonic_ms() {
    timespec now = {};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now));
    return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

bool for_each_number(int directory, bool (*visit)(long number, void* context), void* context) {
    struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    };
    alignas(8) char buffer[512];
    raw_syscall(SYS_lseek, directory, 0, 0);
    for (;;) {
        long got = raw_syscall(SYS_getdents64, directory, reinterpret_cast<long>(buffer), sizeof buffer);
        if (got <= 0) return got == 0;
        for (long at = 0; at < got;) {
            const entry* e = reinterpret_cast<const entry*>(buffer + at);
            at += e->length;
            long number = 0;
            for (const char* c = e->name; *c >= '0' && *c <= '9'; c++) number = number * 10 + (*c - '0');
            if (number > 0 && !visit(number, context)) return false;
        }
    }
}

void tracer_enter(tracer_work& work, tracer_phase phase) {
    work.phase.store(static_cast<uint32_t>(phase), std::memory_order_release);
    raw_syscall(SYS_futex, reinterpret_cast<long>(&work.phase), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

bool tracer_wait(tracer_work& work, tracer_phase phase, uint64_t milliseconds) {
    uint64_t deadline = monotonic_ms() + milliseconds;
    while (work.phase.load(std::memory_order_acquire) == static_cast<uint32_t>(phase)) {
        uint64_t now = monotonic_ms();
        if (now >= deadline) return false;
        timespec time = {static_cast<time_t>((deadline - now) / 1000), static_cast<long>((deadline - now) % 1000 * 1000000)};
        raw_syscall(SYS_futex, reinterpret_cast<long>(&work.phase), FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
                    static_cast<long>(phase), reinterpret_cast<long>(&time));
    }
    return true;
}

void trace_threads(tracer_work& work) {
    if (!tracer_wait(work, tracer_phase::started, kStopLimitMs)) return;
    if (stop_all(work)) {
        work.all_read = true;
        for (uint32_t i = 0; i < work.count; i++)
            if (work.threads[i].state == tracee_state::parked) work.all_read = false;
        tracer_enter(work, tracer_phase::stopped);
        // However long the scan takes: when the caller dies, so does this process.
        while (!tracer_wait(work, tracer_phase::stopped, kStopLimitMs)) {
        }
        resume_all(work);
        return;
    }
    resume_all(work);
    tracer_enter(work, tracer_phase::refused);
}

}  // namespace kslab
