// Resizing runs in use: in place, or moved with their pages by mremap.
#include "os/memory.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {
// Moved mappings do not merge with their neighbours. The default of vm.max_map_count is 65530: stop moving,
// and copy, at a quarter of that.
constexpr size_t kMaxMovedRuns = 16000;
}  // namespace

bool page_allocator::grow(run* r, size_t pages) {
    scoped_lock lock(lock_);
    size_t more = pages - r->pages;
    if (!within_limit(more)) return false;
    run* behind = page_owner_of(reinterpret_cast<void*>(r->end())).run();
    if (behind == nullptr || behind->state != run_state::free || behind->start != r->end() ||
        behind->pages < more || behind->moved != r->moved)
        return false;
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
    publish(r);
    note_used(more);
    drop_run(behind);
    return true;
}

void page_allocator::shrink(run* r, size_t pages) {
    scoped_lock lock(lock_);
    run* tail = split_tail(r, pages);
    if (tail == nullptr) return;
    tail->state = run_state::used;
    lock.unlock();
    release(tail);
}

// The new place is mapped and known to the page map first, so that nothing can fail once the pages have moved;
// and it is one mapping afterwards, so that it can move again.
bool page_allocator::move(run* r, size_t pages) {
    size_t old_pages = r->pages;
    // A quarter more address space than asked for: later steps then find a free run behind this one.
    size_t got = pages + pages / 4;
    void* target = os_map(got * kPageSize);
    if (target == nullptr) target = os_map((got = pages) * kPageSize);
    if (target == nullptr) return false;
    uintptr_t start = reinterpret_cast<uintptr_t>(target);
    scoped_lock lock(lock_);
    bool allowed = moved_runs_ < kMaxMovedRuns && within_limit(pages - old_pages);
    if (!allowed || !page_map_ensure(start) || !page_map_ensure(start + (got - 1) * kPageSize)) {
        lock.unlock();
        os_unmap(target, got * kPageSize);
        return false;
    }
    unpublish(r);  // another thread may get the hole at once
    lock.unlock();
    bool moved = os_move(r->memory(), old_pages * kPageSize, target, got * kPageSize);
    lock.lock();
    if (!moved) {
        publish(r);
        return false;
    }
    if (!r->moved) moved_runs_++;
    r->moved = true;
    r->start = start;
    r->pages = got;
    mapped_ += got - old_pages;
    publish(r);
    if (got > pages)
        if (run* tail = split_tail(r, pages)) {
            tail->content = run_content::zero;
            insert_free(merge_neighbours(tail));
        }
    note_used(r->pages - old_pages);
    return true;
}

}  // namespace kslab
