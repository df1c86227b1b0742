#include "debug/guard/guard.h"

#include "base/bits.h"
#include "check/debug_table.h"
#include "debug/guard/guard_pages.h"
#include "debug/object/objects.h"
#include "debug/object/runs.h"
#include "kmalloc/kmalloc.h"
#include "os/memory.h"
#include "pages/page_allocator.h"

namespace kslab {

constinit mutex guard_lock{lock_rank::guard};

namespace {

// Runs that nobody uses keep their guard, and stay inaccessible as long as they wait; first in, first out, so that a
// stale pointer meets an inaccessible page for long. By the number of pages for the object.
constexpr size_t kPoolPages = 16;
constexpr size_t kMostPooled = size_t{1} << 16;
constexpr size_t kMostPooledPages = (size_t{1} << 30) >> kPageShift;

struct {
    list_head waiting[kPoolPages + 1];  // linked by run::age
    size_t runs;
    size_t pages;
} pool;  // guard_lock

struct {
    std::atomic<size_t> objects{0};
    std::atomic<size_t> pages{0};  // resident, or that may be
    std::atomic<size_t> refused{0};
    size_t most_pages = 0;
    run_guard side = run_guard::behind;
    bool exact = false;
} guarded;

run* refuse() {
    guarded.refused.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
}

bool reserve_memory(size_t pages) {
    if (guarded.pages.fetch_add(pages, std::memory_order_relaxed) + pages <= guarded.most_pages) return true;
    guarded.pages.fetch_sub(pages, std::memory_order_relaxed);
    return false;
}

void return_memory(size_t pages) { guarded.pages.fetch_sub(pages, std::memory_order_relaxed); }

// Guards gone, the run goes to whoever wants pages. One that the system does not make accessible is lost.
void give_back(run* r) {
    run_content content = holds_memory(r) ? run_content::dirty : run_content::zero;
    if (!remove_guard(r)) return;
    r->guard = run_guard::none;
    r->state = run_state::used;
    release_run(r, content);
}

run* take_waiting(size_t pages) {
    if (pages > kPoolPages) return nullptr;
    scoped_lock lock(guard_lock);
    list_head& waiting = pool.waiting[pages];
    if (waiting.empty()) return nullptr;
    run* r = KSLAB_CONTAINER_OF(waiting.next, run, age);
    list_head::del(&r->age);
    pool.runs--;
    pool.pages -= r->pages;
    return r;
}

bool keep_waiting(run* r) {
    size_t pages = r->pages - 1;
    if (pages > kPoolPages || r->guard != guarded.side) return false;
    scoped_lock lock(guard_lock);
    if (pool.runs >= kMostPooled || pool.pages + r->pages > kMostPooledPages) return false;
    r->state = run_state::leaving;
    pool.waiting[pages].add_tail(&r->age);
    pool.runs++;
    pool.pages += r->pages;
    return true;
}

// Somebody needs the address space, or the mappings. How many runs went back.
size_t drain_pool(size_t most) {
    size_t drained = 0;
    for (size_t pages = kPoolPages; pages > 0; pages--)
        for (run* r; drained < most && (r = take_waiting(pages)) != nullptr; drained++) give_back(r);
    return drained;
}

// A run that waited, accessible again.
run* reuse_run(size_t pages) {
    run* r = take_waiting(pages);
    if (r == nullptr) return nullptr;
    run_content content = holds_memory(r) ? run_content::dirty : run_content::zero;
    if (!show_pages(r)) {  // too many mappings
        if (!keep_waiting(r)) give_back(r);
        return nullptr;
    }
    r->content = content;
    r->state = run_state::used;
    return r;
}

bool install_guard_somehow(run* r) {
    constexpr size_t kSome = 64;
    return install_guard(r) || (drain_pool(kSome) > 0 && install_guard(r));
}

run* new_run(size_t pages, size_t align_pages, run_guard side) {
    page_request request{.pages = pages + 1, .align_pages = align_pages};
    run* r = all_pages.allocate(request);
    if (r == nullptr && drain_pool(SIZE_MAX) > 0) r = all_pages.allocate(request);
    if (r == nullptr) return nullptr;
    r->guard = side;
    if (install_guard_somehow(r)) return r;
    r->guard = run_guard::none;
    release_run(r);
    return nullptr;
}

run* take_run(size_t pages, size_t align) {
    if (!reserve_memory(pages)) return refuse();
    size_t align_pages = align > kPageSize ? align / kPageSize : 1;
    run* r = align_pages == 1 ? reuse_run(pages) : nullptr;
    // The page before an object that begins at a multiple of more than a page is not the run's first.
    if (r == nullptr) r = new_run(pages, align_pages, align_pages == 1 ? guarded.side : run_guard::behind);
    if (r != nullptr) return r;
    return_memory(pages);
    return refuse();
}

// The object's pages begin at a multiple of `align`, and have less than a page too much.
size_t offset_for(const run* r, size_t size, size_t align) {
    if (r->guard == run_guard::before) return 0;
    if (guarded.exact && align <= kMallocMinimum) align = 1;
    return align_down(object_pages(r).bytes - size, align);
}

}  // namespace

void guard_boot() {
    if (pool.waiting[0].next != nullptr) drain_pool(SIZE_MAX);  // once more, in tests
    for (list_head& waiting : pool.waiting) waiting.init();
    guard_pages_boot();
    guarded.side = active_options.guard == guard_side::start ? run_guard::before : run_guard::behind;
    guarded.exact = active_options.guard == guard_side::exact;
    size_t bytes = active_options.guard_memory;
    if (bytes == 0) bytes = os_machine_memory() / 4;
    if (bytes == 0) bytes = size_t{1} << 30;
    // A guard is one page of kslab's: where the system's page is larger, all get redzones.
    guarded.most_pages = os_page_size() == kPageSize ? bytes / kPageSize : 0;
}

bool guard_allocate(size_t size, size_t align, object_record& record, place& out) {
    // An object of no bytes has an address of its own.
    size_t bytes = size == 0 ? 1 : size;
    if (align < kMallocMinimum) align = kMallocMinimum;
    if (bytes > PTRDIFF_MAX) return false;
    size_t pages = pages_for(bytes);
    run* r = take_run(pages, align);
    if (r == nullptr) return false;
    size_t offset = offset_for(r, bytes, align);
    guarded.objects.fetch_add(1, std::memory_order_relaxed);
    record.requested = size;
    record.offset = static_cast<uint32_t>(offset);  // less than a page
    record.state = object_state::fresh;
    page_span span = object_pages(r);
    set_record_of(r, &record);
    out = {span.start, span.bytes, &record, debug_large_flags, nullptr, nullptr, r, true};
    return true;
}

void guard_hide(const place& p) {
    run* r = p.in_run;
    if (hide_pages(r) && !holds_memory(r)) return_memory(r->pages - 1);
}

void guard_release(const place& p) {
    run* r = p.in_run;
    if (holds_memory(r)) return_memory(r->pages - 1);
    guarded.objects.fetch_sub(1, std::memory_order_relaxed);
    set_record_of(r, nullptr);
    if (!keep_waiting(r)) give_back(r);
}

size_t guard_drain() { return drain_pool(SIZE_MAX); }

bool guard_covers(const void* address, place& out) {
    place p;
    if (!find_place(address, p) || !p.guarded) return false;
    const char* at = static_cast<const char*>(address);
    bool inside = at >= p.begin && at < p.end();
    if (inside && !is_hidden(p.in_run)) return false;
    out = p;
    return true;
}

void guard_note_passed() { guarded.refused.fetch_add(1, std::memory_order_relaxed); }

guard_stats guard_read_stats() {
    return {guarded.objects.load(std::memory_order_relaxed), guarded.pages.load(std::memory_order_relaxed) * kPageSize,
            guarded.refused.load(std::memory_order_relaxed), guard_pages_cheap()};
}

}  // namespace kslab
