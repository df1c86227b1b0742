// Resizing runs in use: in place, or moved with their pages by mremap.
#include "base/check.h"
#include "os/memory.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {
// Moved mappings do not merge with their neighbours. The default of vm.max_map_count is 65530: stop moving,
// and copy, at a quarter of that.
constexpr size_t kMaxMovedRuns = 16000;
// What stays behind buffers that moved, grew and went is of this size at least.
constexpr size_t kTailPages = 64;
}  // namespace

bool page_allocator::grow(run* r, size_t pages) {
    scoped_lock lock(lock_);
    size_t more = pages - r->pages;
    if (pages >= kMaxPages || !within_limit(more)) return false;
    note_allocation(pages);
    run* behind = free_behind(r);
    if (behind == nullptr || behind->pages < more) return false;
    remove_free(behind);
    if (behind->pages > more) {
        run* tail = split_tail(behind, more);
        if (tail == nullptr) {
            insert_free(behind);
            return false;
        }
        insert_free(tail);
    }
    page_map_set_owner(r->end() - kPageSize, {});
    unpublish(behind);
    r->pages = pages;
    r->watch = run_watch::none;
    publish(r);
    note_used(more);
    drop_run(behind);
    return true;
}

void page_allocator::shrink(run* r, size_t pages) {
    scoped_lock lock(lock_);
    run* tail = split_tail(r, pages);
    r->watch = run_watch::none;
    if (tail == nullptr) return;
    tail->state = run_state::used;
    used_runs_ += 1;
    lock.unlock();
    release(tail);
}

// Where the pages will be is known only afterwards: what the page map may need for that is put aside before, so
// that nothing can fail once they have moved.
bool page_allocator::move(run* r, size_t pages) {
    if (r->low || pages >= kMaxPages || !page_map_put_aside()) return false;
    size_t old_pages = r->pages;
    scoped_lock lock(lock_);
    if (moved_runs_ >= kMaxMovedRuns || !within_limit(pages - old_pages)) return false;
    note_allocation(pages);
    unpublish(r);  // another thread may get the hole at once
    lock.unlock();
    // A quarter more address space than asked for: later steps then find a free run behind this one.
    size_t got = pages + pages / 4;
    void* moved = os_move(r->memory(), old_pages * kPageSize, got * kPageSize);
    if (moved == nullptr) moved = os_move(r->memory(), old_pages * kPageSize, (got = pages) * kPageSize);
    lock.lock();
    if (moved == nullptr) {
        publish(r);
        return false;
    }
    if (!r->moved) moved_runs_++;
    r->moved = true;
    r->watch = run_watch::none;
    r->start = reinterpret_cast<uintptr_t>(moved);
    r->pages = got;
    mapped_ += got - old_pages;
    KSLAB_CHECK(page_map_ensure(r->start) && page_map_ensure(r->end() - kPageSize), "no memory for the page map");
    publish(r);
    if (got > pages)
        if (run* tail = split_tail(r, pages)) {
            tail->content = run_content::zero;
            insert_free(merge_neighbours(tail));
        }
    note_used(r->pages - old_pages);
    // Tails of buffers that are gone serve few requests, and hold places that later ones could move to: each would take new
    // addresses, and the page map's leaves for them.
    unmap_zero_runs(kTailPages, kept_address_space(), lock);
    return true;
}

}  // namespace kslab
