// Fault injection (failslab, KSLAB_FAIL): allocations that fail because the tester wants them to. Which ones, say the
// rules (inject_rules.h); this counts the allocations that qualify, and decides. Counters are atomic, there is no
// lock; the log and `caller` take report_lock.
#pragma once
#include "check/debug_table.h"

namespace kslab {

struct kmem_cache;
struct inject_rules;

// Parses KSLAB_FAIL; reports what is wrong with it, and injects nothing then.
void inject_boot();
// Starts counting anew with these rules (they are copied). For tests, and for inject_boot.
void inject_start(const inject_rules& rules);
void inject_stop();
// After inject_stop, as if it had not been.
void inject_continue();

bool inject_active();
// Whether the rules ask who called.
bool inject_needs_stacks();
// Whether this allocation is to fail. Asked for caches that have the flag A only; null is kmalloc-large. No lock of
// kslab is held.
bool inject_should_fail(const kmem_cache* cache, const call& how);

// For the summary: how many qualified, and how many failed.
struct inject_stats {
    size_t asked, failed;
};
inject_stats inject_read_stats();

// The last failure, for the report of a crash that may have come of it. False when there was none.
struct injected_failure {
    call how;
    uint32_t stack;  // in the stack depot, when stacks are kept
    uint32_t thread;
};
bool inject_last_failure(injected_failure& out);

// ---- inject_caller.cpp
// Whether the calling frame lies in one of these modules, or one of the frames kept (KSLAB_DEPTH) in one of these
// functions. Verdicts are remembered by return address until forget.
bool called_by(const inject_rules& rules);
void forget_callers();

}  // namespace kslab
