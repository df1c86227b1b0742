// The functions that slow paths enter debugging by, and the life of debugging in a process.
#include "base/check.h"
#include "debug/object/bad_calls.h"
#include "debug/process.h"
#include "debug/fault/fault_signal.h"
#include "debug/report/finding.h"
#include "debug/report/symbolizer.h"
#include "debug/guard/guard.h"
#include "debug/inject/inject.h"
#include "debug/leak/leaks.h"
#include "debug/stack/modules.h"
#include "debug/object/objects.h"
#include "debug/on_demand.h"
#include "debug/stack/stack_depot.h"
#include "debug/object/validate_heap.h"
#include "debug/object/validate_objects.h"
#include "kmalloc/kmalloc.h"
#include "os/report_fd.h"

namespace kslab {

namespace {

std::atomic<bool> boot_done{false};

void boot_debugging() {
    size_t depth = active_options.depth;
    track_depth = static_cast<unsigned>(depth == 0 ? 1 : depth > kMaxDepth ? kMaxDepth : depth);
    report_boot();
    symbolizer_boot();
    guard_boot();
    inject_boot();
    boot_done.store(true, std::memory_order_release);
}

bool sample() { return guard_sample(); }

// Caches of the program's own. No signal handlers, no leak scan: those are KSLAB_DEBUG's.
void enable_debugging(uint32_t flags) {
    if ((debug_flags & flags) == flags) return;
    scoped_lock lock(report_lock);
    if (!boot_done.exchange(true, std::memory_order_acq_rel)) {
        boot_debugging();
        modules_boot();
    }
    if ((flags & kDebugTrack) != 0 && (debug_flags & kDebugTrack) == 0) backtrace_boot();
    debug_flags = debug_flags | flags;
}

}  // namespace

constinit const debug_table debug_functions{
    .boot = boot_debugging,
    .enable = enable_debugging,
    .allocate = debug_allocate,
    .free = debug_free,
    .bad_pointer = debug_bad_pointer,
    .bad_size = debug_bad_size,
    .sample = sample,
    .may_realloc = debug_may_realloc,
    .usable_size = debug_usable_size,
};

void debug_start() {
    if ((debug_flags & kDebugTrack) != 0 || debug_sampling || inject_needs_stacks()) backtrace_boot();
    if (debug_flags != 0 || debug_sampling) {
        scoped_lock lock(report_lock);
        modules_boot();
    }
    fault_signal_boot();
    if (debug_flags != 0) on_demand_boot();
    if (debug_flags != 0) report_fd_keep();
}

namespace {

// F: kslab's own lists and counts, when no other thread is changing them.
void validate_records() {
    if ((debug_flags & kDebugChecks) == 0 || !host_single_threaded()) return;
    const char* wrong = validate_heap();
    finding_lease f;
    if (wrong == nullptr || !f.borrow(defect::heap_corrupt)) return;
    f->found_by = "validation at exit";
    f->detail = wrong;
    f->thread = this_thread_id();
    report_finding(*f);
}

}  // namespace

int debug_finish(const void* stack_from) {
    if (debug_flags != 0) validate_objects("validation at exit");
    validate_records();
    if ((debug_flags & kDebugLeaks) != 0 && !leaks_report("the leak scan at exit", stack_from).complete)
        report_line()->put("no leak scan: /proc could not be read, or memory is short");
    if (active_options.leaks == leak_listing::live) live_objects_report();
    return report_summary();
}

void debug_after_fork() {
    process_epoch++;
    forget_thread_id();
    report_after_fork();
    fault_after_fork();
}

}  // namespace kslab
