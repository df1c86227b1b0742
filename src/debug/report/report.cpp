// What becomes of a finding: counted, reported when it is new, and with KSLAB_ON_ERROR=abort the end of the process.
//
// One report at a time, under report_lock, with the thread's asynchronous signals blocked; built in static memory,
// because the heap is broken and stacks may be small. Whoever has a finding while it makes a report itself (a fault
// in here, or the helper's) gets one line out, without lock and buffer.
#include <signal.h>

#include "debug/guard/guard.h"
#include "debug/inject/inject.h"
#include "debug/report/report.h"
#include "debug/report/symbolizer.h"
#include "debug/object/validate_objects.h"
#include "kmalloc/kmalloc.h"
#include "os/memory.h"
#include "os/syscall.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit mutex report_lock{lock_rank::report};

namespace {

// The thread token of whoever makes a report.
std::atomic<uintptr_t> reporter{0};

// report_lock. Reports that wait for others of their batch, and room for the next.
KSLAB_APART char plain[2 * kReportBytes];
size_t waiting;
// The same with names and lines. Not the library's own variable, for address space may be what a program has little of.
constexpr size_t kSymbolizedBytes = 4 * kReportBytes;
char* symbolized;
std::atomic<unsigned> batches{0};

// All but those that an instruction may raise itself.
uint64_t asynchronous_signals() {
    constexpr int kSynchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    uint64_t mask = ~uint64_t{0};
    for (int signal : kSynchronous) mask &= ~(uint64_t{1} << (signal - 1));
    return mask;
}

// 256 bytes of stack, no lock.
void put_minimal(const finding& f) {
    char line[256];
    text out(line, sizeof line - 1);
    out.put("BUG ");
    put_name(out, finding_cache(f));
    out.put(" (while a report was made): ").put(defect_title(f.what));
    if (f.address != nullptr) out.put(" at ").ptr(f.address);
    line[out.length()] = '\n';
    host_write_report(line, out.length() + 1);
}

// The length of what is in `symbolized` then; 0: without names.
size_t with_names(const char* text, size_t length) {
    if (symbolized == nullptr) symbolized = static_cast<char*>(os_map(kSymbolizedBytes));  // nothing is debugged
    return symbolized == nullptr ? 0 : symbolize(text, length, symbolized, kSymbolizedBytes);
}

// JSON is written as it is: its frames are data for other programs.
void write_waiting() {
    if (waiting == 0) return;
    size_t length = active_options.format == report_format::json ? 0 : with_names(plain, waiting);
    if (length != 0)
        report_log_write(symbolized, length);
    else
        report_log_write(plain, waiting);
    waiting = 0;
}

void write_report(const finding& f) {
    text out(plain + waiting, kReportBytes);
    report_context context = report_context_now();
    if (active_options.format == report_format::json)
        report_put_json(out, f, context);
    else
        report_put_text(out, f, context);
    waiting += out.length();
    bool may_wait = finding_is_leak(f) && batches.load(std::memory_order_relaxed) != 0;
    if (!may_wait || waiting > sizeof plain - kReportBytes) write_waiting();
}

void count_and_write(const finding& f) {
    if (!tally_count(f)) return;
    // Before fork and in the parent it counts what was written.
    if (tally.printed++ >= active_options.report_limit)
        tally.not_printed++;
    else
        write_report(f);
}

report_extras extras_now() {
    report_extras extras{};
    inject_stats injected = inject_read_stats();
    depot_stats depot = stack_depot_stats();
    validation_stats checked = validation_read_stats();
    extras.checked_objects = checked.objects;
    extras.checked_bytes = checked.bytes;
    extras.guard_refused = guard_read_stats().refused;
    extras.inject_asked = injected.asked;
    extras.inject_failed = injected.failed;
    extras.stacks = depot.stacks;
    extras.stack_bytes = depot.bytes;
    return extras;
}

void write_summary() {
    write_waiting();
    text out(plain, sizeof plain);
    report_context context = report_context_now();
    if (active_options.format == report_format::json)
        report_put_summary_json(out, context, extras_now());
    else
        report_put_summary(out, context, extras_now());
    report_log_write(out.data(), out.length());
}

int exit_status(size_t option) { return option == 0 ? -1 : static_cast<int>(option & 0xff); }

}  // namespace

report_right::report_right() : granted_(reporter.load(std::memory_order_relaxed) != host_thread_token()) {
    if (!granted_) return;
    uint64_t mask = asynchronous_signals();
    signals_blocked_ = raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&mask),
                                   reinterpret_cast<long>(&signals_before_), sizeof mask) == 0;
    held_ = report_lock.lock();
    reporter.store(host_thread_token(), std::memory_order_relaxed);
}

report_right::~report_right() {
    if (!granted_) return;
    reporter.store(0, std::memory_order_relaxed);
    report_lock.unlock(held_);
    if (signals_blocked_)
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&signals_before_), 0,
                    sizeof signals_before_);
}

void report_without_room(defect d) {
    char line[160];
    text out(line, sizeof line - 1);
    out.put("BUG ? (among too many at once): ").put(defect_title(d));
    line[out.length()] = '\n';
    host_write_report(line, out.length() + 1);
    __atomic_fetch_add(&tally.errors, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&tally.findings, 1, __ATOMIC_RELAXED);
}

void report_finding(finding& f) {
    {
        report_right right;
        if (!right) return put_minimal(f);
        count_and_write(f);
    }
    if (active_options.error_action != on_error::abort || finding_is_leak(f)) return;
    // No lock is held: a SIGABRT handler may allocate, fork, or jump away and go on.
    finding_return(f);
    host_abort();
}

void report_boot() {
    if (symbolized == nullptr) symbolized = static_cast<char*>(metadata_allocate(kSymbolizedBytes));
}

report_batch::report_batch() { batches.fetch_add(1, std::memory_order_relaxed); }

report_batch::~report_batch() {
    batches.fetch_sub(1, std::memory_order_relaxed);
    report_right right;
    if (right) write_waiting();
}

void report_write(const char* text, size_t length, bool with_frames) {
    report_right right;
    if (!right) return host_write_report(text, length);
    write_waiting();
    size_t made = with_frames ? with_names(text, length) : 0;
    report_log_write(made != 0 ? symbolized : text, made != 0 ? made : length);
}

int report_summary() {
    report_right right;
    if (!right || tally.findings == 0) return -1;
    write_summary();
    if (tally.errors != 0 && active_options.exitcode != 0) return exit_status(active_options.exitcode);
    return tally.definite_leaks != 0 ? exit_status(active_options.leak_exitcode) : -1;
}

size_t findings_so_far() { return tally.findings + tally.repeated; }

void report_after_fork() {
    reporter.store(0, std::memory_order_relaxed);
    batches.store(0, std::memory_order_relaxed);
    findings_after_fork();
    waiting = 0;
    tally_reset();
    report_log_after_fork();
}

}  // namespace kslab
