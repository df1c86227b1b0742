// Giving memory back: the bound on dirty pages, decay, and the system calls without the lock.
#include "base/check.h"
#include "os/clock.h"
#include "os/memory.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr size_t pages_of(size_t bytes) { return bytes >> kPageShift; }

constexpr size_t kLeastBound = pages_of(kMayWait);
// Purged runs of this size leave the address space when much of it is free: a system call costs the same either
// way, and holes of a mebibyte cannot use up the process's mappings.
constexpr size_t kUnmapPages = pages_of(size_t{1} << 20);
constexpr size_t kUnmapRefused = kUnmapPages / 4;
constexpr size_t kKeptAddressSpace = pages_of(size_t{64} << 20);
// Only runs of this size are worth keeping beyond the bound because the program cycles them.
constexpr size_t kHotPages = pages_of(size_t{1} << 20);
constexpr uint32_t kHotMilliseconds = 1000;
constexpr size_t kHotHoles = 4;
// By so much the least bound grows when what went back is wanted again within so long.
constexpr size_t kMostRegretted = 3 * kLeastBound;
constexpr uint32_t kRegretMilliseconds = 1000;
constexpr uint32_t kRegretLasts = 10000;
// A run this much larger than the excess is cut, and only its tail purged.
constexpr size_t kCutPages = 64;

size_t index(run_content content) { return static_cast<size_t>(content); }

}  // namespace

// Low memory adds little to what the process keeps.
size_t page_allocator::least_bound() const {
    return low() ? kLeastBound / 16 : kLeastBound + regretted_;
}

size_t page_allocator::bound() const {
    size_t live = used_;
    size_t allowed = live / 4 > least_bound() ? live / 4 : least_bound();
    if (hot_pages_ == 0 || static_cast<int32_t>(hot_until_ - now_) <= 0) return allowed;
    // One hole fits few sizes: several wait, of which one will do, as long as the program has more in use, and had so much more
    // since it began to cycle.
    size_t cycled = hot_used_ > live ? hot_used_ - live : 0;
    for (size_t most : {kHotHoles * hot_pages_, live - live / 4})
        if (cycled > most) cycled = most;
    allowed += cycled;
    return hot_pages_ > allowed ? size_t{hot_pages_} : allowed;
}

// A size is hot when runs of about that size or more are released, allocated and released again within a second:
// the smaller of the two that were released, for a program that cycles buffers of different sizes.
void page_allocator::note_allocation(size_t wanted) {
    if (wanted < kHotPages) return;
    for (recent_release& recent : recent_)
        if (wanted >= recent.pages / 2) recent.taken = true;
}

void page_allocator::note_release(size_t released) {
    if (released < kHotPages) return;
    uint64_t now;
    if (!clock_read(now)) return;
    set_now(static_cast<uint32_t>(now));
    size_t again = 0;
    for (recent_release& recent : recent_) {
        if (!recent.taken || now_ - recent.stamp > kHotMilliseconds) continue;
        size_t both = recent.pages < released ? recent.pages : released;
        if (both > again) again = both;
    }
    recent_[recent_next_++ % kRecent] = {released, now_, false};
    if (again == 0) return;
    bool expired = static_cast<int32_t>(hot_until_ - now_) <= 0;
    size_t before = used_ + released;  // release() has taken it off
    if (expired || before > hot_used_) hot_used_ = before;
    // Smaller cycles do not keep a larger size hot.
    if (!expired && again < hot_pages_ - hot_pages_ / 8) return;
    hot_pages_ = again;
    hot_until_ = now_ + kHotMilliseconds;
}

void page_allocator::forget_given_back() {
    if (static_cast<int32_t>(given_back_until_ - now_) <= 0) given_back_ = 0;
}

// `r` was handed out, and pages were given back lately.
void page_allocator::note_regret(const run* r) {
    // What is dirty costs nothing.
    if (r->content != run_content::zero) return;
    uint64_t now;
    if (clock_read(now)) set_now(static_cast<uint32_t>(now));
    forget_given_back();
    size_t again = r->pages < given_back_ ? r->pages : given_back_;
    given_back_ -= again;
    if (again > 0) regretted_until_ = now_ + kRegretLasts;
    regretted_ = regretted_ + again < kMostRegretted ? regretted_ + again : kMostRegretted;
}

bool page_allocator::worth_unmapping(const run* r) const {
    if (r->moved) return true;
    return r->pages >= kUnmapPages && count_[index(run_content::zero)] + r->pages > kept_address_space();
}

// Others need room below 2 GiB, too.
size_t page_allocator::kept_address_space() const {
    size_t least = low() ? kKeptAddressSpace / 16 : kKeptAddressSpace;
    return used_ > least ? size_t{used_} : least;
}

void page_allocator::begin_transit(run* r) {
    r->state = run_state::transit;
    transit_.add(&r->bin);
}

void page_allocator::end_transit(run* r) { list_head::del(&r->bin); }

void page_allocator::after_fork() {
    while (!transit_.empty()) {
        run* r = KSLAB_CONTAINER_OF(transit_.next, run, bin);
        end_transit(r);
        // A run that was being unmapped is not in the page map; somebody else may be where it was.
        if (page_owner_of(r->memory()).run() != r) {
            mapped_ -= r->pages;
            drop_run(r);
            continue;
        }
        bool purged = os_purge(r->memory(), r->pages * kPageSize);
        r->content = purged ? run_content::zero : run_content::stuck;
        insert_free(merge_neighbours(r));
    }
}

// `r` is on no list; afterwards it is free, or gone. The number of pages that went back.
size_t page_allocator::give_back(run* r, scoped_lock& lock) {
    size_t released = r->pages;
    bool unmap = worth_unmapping(r);
    if (unmap) unpublish(r);  // another thread may get the hole at once
    begin_transit(r);
    lock.unlock();
    bool unmapped = unmap && os_unmap_part(r->memory(), r->pages * kPageSize);
    bool purged = unmapped || os_purge(r->memory(), r->pages * kPageSize);
    lock.lock();
    if (!purged && !unmap && r->pages >= kUnmapRefused) {  // locked pages, or a sandbox: they can still be unmapped
        unmap = true;
        unpublish(r);
        lock.unlock();
        unmapped = os_unmap_part(r->memory(), r->pages * kPageSize);
        lock.lock();
    }
    end_transit(r);
    if (unmapped) {
        mapped_ -= released;
        drop_run(r);
        return released;
    }
    if (unmap) publish(r);
    r->content = purged ? run_content::zero : run_content::stuck;
    insert_free(merge_neighbours(r));
    return purged ? released : 0;
}

// The oldest first, until at most `target` dirty pages are left or all are newer than asked for.
size_t page_allocator::purge_to(size_t target, uint32_t stamped_before, scoped_lock& lock) {
    size_t released = 0;
    while (count_[index(run_content::dirty)] > target && !age_.empty()) {
        run* r = KSLAB_CONTAINER_OF(age_.next, run, age);
        if (stamped_before != kAnyStamp && static_cast<int32_t>(r->stamp - stamped_before) > 0) break;
        size_t excess = count_[index(run_content::dirty)] - target;
        remove_free(r);
        if (r->pages > excess + kCutPages) {
            run* tail = split_tail(r, r->pages - excess);
            if (tail != nullptr) {
                insert_free(r);
                r = tail;
            }
        }
        released += give_back(r, lock);
    }
    return released;
}

// Free address space goes back: runs of at least so many pages, until `keep` pages are left. How many left.
size_t page_allocator::unmap_zero_runs(size_t least_pages, size_t keep, scoped_lock& lock, size_t* runs_left) {
    size_t unmapped_pages = 0;
    run_bins& bins = bins_[index(run_content::zero)];
    while (count_[index(run_content::zero)] > keep && (runs_left == nullptr || *runs_left > 0)) {
        run* r = bins.find(least_pages);
        if (r == nullptr) break;
        remove_free(r);
        unpublish(r);
        begin_transit(r);
        lock.unlock();
        bool unmapped = os_unmap_part(r->memory(), r->pages * kPageSize);
        lock.lock();
        end_transit(r);
        if (!unmapped) {
            publish(r);
            insert_free(merge_neighbours(r));
            break;
        }
        if (runs_left != nullptr && *runs_left > 0) --*runs_left;
        mapped_ -= r->pages;
        unmapped_pages += r->pages;
        drop_run(r);
    }
    return unmapped_pages;
}

size_t page_allocator::release_address_space() {
    scoped_lock lock(lock_);
    return unmap_zero_runs(1, 0, lock);
}

void page_allocator::decay(uint32_t now_ms) {
    set_now(now_ms);
    scoped_lock lock(lock_);
    size_t unused = purge_to(0, now_ms - decay_ms_, lock);
    regretted_ -= unused < regretted_ ? unused : size_t{regretted_};
    // Where runs are cut and merged all the time none is unused for long.
    if (regretted_ == 0 || static_cast<int32_t>(regretted_until_ - now_ms) > 0) return;
    regretted_ = 0;
    lock.unlock();
    purge_excess();
}

size_t page_allocator::purge_all() {
    scoped_lock lock(lock_);
    regretted_ = given_back_ = 0;
    // What the system did not take may be unlocked by now.
    while (run* r = bins_[index(run_content::stuck)].find(1)) {
        remove_free(r);
        r->content = run_content::dirty;
        insert_free(merge_neighbours(r));
    }
    return purge_to(0, kAnyStamp, lock);
}

void page_allocator::purge_excess() {
    size_t allowed = bound();
    if (count_[index(run_content::dirty)] <= allowed) return;
    scoped_lock lock(lock_);
    // An eighth less than allowed, so that not every release comes here.
    size_t released = purge_to(allowed - allowed / 8, kAnyStamp, lock);
    forget_given_back();
    if (given_back_ == 0) given_back_until_ = now_ + kRegretMilliseconds;
    given_back_ += released;
}

}  // namespace kslab
