#include "debug/guard/guard_pages.h"

#include "base/mutex.h"
#include "debug/guard/guard.h"
#include "os/memory.h"

namespace kslab {

namespace {

constinit bool cheap = false;

// Guards are an entry in the page tables for each page: freeing a very large object would fill them.
constexpr size_t kProtectFrom = size_t{4} << 20;

// ---- mprotect, and counting what it does to mappings. An inaccessible stretch inside accessible memory makes three
// mappings of one; stretches side by side are one. guard_lock, which every change by mprotect holds.
constexpr size_t kMappingsEach = 2;
size_t stretches = 0;
size_t most_stretches = 0;

uint32_t marks(const run* r) { return __atomic_load_n(&r->stamp, __ATOMIC_RELAXED); }
void set_marks(run* r, uint32_t add, uint32_t remove = 0) {
    __atomic_store_n(&r->stamp, (marks(r) | add) & ~remove, __ATOMIC_RELAXED);
}

page_span all_pages_of(const run* r) { return {static_cast<char*>(r->memory()), r->pages * kPageSize}; }

// Whether mprotect has made this page inaccessible, the first or the last of its run.
bool is_protected(const char* page) {
    const run* r = page_owner_of(page).run();
    if (r == nullptr || r->guard == run_guard::none) return false;
    return (marks(r) & (page == guard_page(r).start ? kGuardedByProtection : kHiddenByProtection)) != 0;
}

// How many stretches more there are when these pages become inaccessible: one, or they lengthen another, or join two.
long stretches_more(page_span span) {
    return 1 - (is_protected(span.start - kPageSize) ? 1 : 0) - (is_protected(span.start + span.bytes) ? 1 : 0);
}

// With the marks that say so. False when the system refuses, or there would be too many mappings.
bool protect(run* r, page_span span, bool accessible, uint32_t mark) {
    scoped_lock lock(guard_lock);
    long more = accessible ? -stretches_more(span) : stretches_more(span);
    if (more > 0 && stretches + static_cast<size_t>(more) > most_stretches) return false;
    if (!os_protect(span.start, span.bytes, accessible)) return false;
    stretches += static_cast<size_t>(more);
    set_marks(r, accessible ? 0 : mark, accessible ? mark : 0);
    return true;
}

bool hide_by_guards(run* r, page_span span) {
    if (!cheap || !os_guard_install(span.start, span.bytes)) return false;
    page_span guard = guard_page(r);
    bool kept = (marks(r) & kGuardedByProtection) != 0 && !os_purge(guard.start, guard.bytes);
    set_marks(r, kHidden | (kept ? kContentKept : 0u));
    return true;
}

// Protected before the memory goes, so that nobody can write in between: released pages are known to be zero.
bool hide_by_protection(run* r, page_span span) {
    if (!protect(r, span, false, kHidden | kHiddenByProtection)) return false;
    // A guard page of that kind has kept its content so far.
    if ((marks(r) & kGuardedByProtection) != 0) span = all_pages_of(r);
    if (!os_purge(span.start, span.bytes)) set_marks(r, kContentKept);
    return true;
}

}  // namespace

void guard_pages_boot() {
    cheap = os_guard_supported();
    most_stretches = os_mapping_limit() / 2 / kMappingsEach;
}

bool guard_pages_cheap() { return cheap; }

size_t guard_mappings() {
    scoped_lock lock(guard_lock);
    return stretches * kMappingsEach;
}

page_span object_pages(const run* r) {
    char* start = static_cast<char*>(r->memory()) + (r->guard == run_guard::before ? kPageSize : 0);
    return {start, (r->pages - 1) * kPageSize};
}

page_span guard_page(const run* r) {
    uintptr_t start = r->guard == run_guard::before ? r->start : r->end() - kPageSize;
    return {reinterpret_cast<char*>(start), kPageSize};
}

bool is_hidden(const run* r) { return (marks(r) & kHidden) != 0; }
bool holds_memory(const run* r) { return (marks(r) & (kHidden | kContentKept)) != kHidden; }

bool install_guard(run* r) {
    page_span span = guard_page(r);
    set_marks(r, 0, ~uint32_t{0});
    if (cheap && os_guard_install(span.start, span.bytes)) return true;
    return protect(r, span, false, kGuardedByProtection);
}

bool hide_pages(run* r) {
    page_span span = object_pages(r);
    if (span.bytes < kProtectFrom) return hide_by_guards(r, span) || hide_by_protection(r, span);
    return hide_by_protection(r, span) || hide_by_guards(r, span);
}

bool show_pages(run* r) {
    if (!is_hidden(r)) return true;
    page_span span = object_pages(r);
    bool shown = (marks(r) & kHiddenByProtection) != 0 ? protect(r, span, true, kHidden | kHiddenByProtection)
                                                       : os_guard_remove(span.start, span.bytes);
    if (shown) set_marks(r, 0, kHidden | kContentKept);
    return shown;
}

bool remove_guard(run* r) {
    bool protection = (marks(r) & kGuardedByProtection) != 0;
    bool hidden_alike = is_hidden(r) && protection == ((marks(r) & kHiddenByProtection) != 0);
    if (!hidden_alike && !show_pages(r)) return false;
    // One call for both, where they are of a kind.
    page_span span = hidden_alike ? all_pages_of(r) : guard_page(r);
    if (protection) return protect(r, span, true, ~uint32_t{0});
    if (!os_guard_remove(span.start, span.bytes)) return false;
    set_marks(r, 0, ~uint32_t{0});
    return true;
}

}  // namespace kslab
