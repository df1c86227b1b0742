// The page allocator: what the buddy allocator is to the kernel's SLAB. It hands out runs of pages, merges
// freed neighbours, keeps freed pages warm within a bound, and gives the rest back to the system.
//
// allocate: a dirty (warm) free run, else one made large enough by its neighbours that read as zero, else a run
//           that reads as zero, else new address space from the system.
// release:  merge with free neighbours of the same content; while dirty pages exceed the bound, purge the
//           oldest. Purged runs stay in the address space within a bound, for their neighbours to grow into.
//
// The bound on dirty pages is the larger of 16 MiB and a quarter of the live pages. While a program cycles big buffers (one of
// a size was released, allocated and released again within a second) it may besides keep what it had in use since it began
// to and has no more, up to four such buffers and three quarters of what is live; one such buffer in any case. When pages went back for the bound's sake and others have to
// be made resident within a second, these, as many as went back, raise the 16 MiB, up to 64 MiB, until as many are purged
// because nobody used them, or for ten seconds. Time only lowers what is kept: decay() purges what nobody used for
// KSLAB_DECAY_MS.
//
// System calls on pages run without the lock: the runs concerned are in transit. (New records may be mapped under it.)
// Lock: lock_ (rank page_allocator) guards everything here and all runs that are not in use. All page allocators share
// it, because each looks at the runs beside its own, whosever they are.
//
// There are two: all_pages, and low_pages for memory below 2 GiB, which comes to life at its first request. Their runs
// never merge, and KSLAB_LIMIT is for both together.
#pragma once
#include "base/mutex.h"
#include "base/relaxed.h"
#include "pages/run_bins.h"

namespace kslab {

struct page_stats {
    size_t mapped = 0;  // address space held, in pages
    size_t used = 0;    // handed out
    size_t used_runs = 0;
    size_t dirty = 0;   // free and warm
    size_t zero = 0;    // free and not resident
    size_t stuck = 0;   // free, but the system does not take them
    size_t largest_used = 0;  // most pages ever handed out at once
};

struct page_request {
    size_t pages;
    size_t align_pages = 1;  // a power of two
    bool sparse = false;     // few of them will be touched: fresh ones are no sign that too much was given back
    bool reserve = false;    // may take what is set aside beyond KSLAB_LIMIT for those that cannot wait
};

// So much memory that nobody uses may wait to be used again, however little the program has in use: in dirty runs, and in free pages
// inside slabs.
inline constexpr size_t kMayWait = size_t{16} << 20;

class page_allocator {
public:
    // Once, before anything else. limit_pages 0: none. An allocator without it begins at its first request, with what
    // all_pages was told.
    void init(size_t limit_pages, size_t decay_ms);
    bool begun() const { return begun_; }

    // Null when the system or KSLAB_LIMIT refuses.
    run* allocate(const page_request& request);
    // With content zero the pages read as zero and hold no memory. `mixed`: some of them may hold none.
    void release(run* r, run_content content = run_content::dirty, bool mixed = false);

    // Resize a run in use without moving it. Growing takes the free run behind it; false when there is none.
    bool grow(run* r, size_t pages);
    void shrink(run* r, size_t pages);

    // Moves a run in use with its content to a place where `pages` fit, without copying; false: nothing
    // happened. Room to grow further is reserved behind it where address space allows. Low runs never move: the system
    // would choose any place.
    bool move(run* r, size_t pages);

    // How many pages are handed out, and how many free ones are warm; no lock is taken.
    size_t used() const { return used_; }
    size_t dirty() const { return count_[static_cast<size_t>(run_content::dirty)]; }

    // Oldest first, until within the bound.
    void purge_excess();
    // Purges what has been dirty since before `now - decay`.
    void decay(uint32_t now_ms);
    // Purges everything; the number of pages released.
    size_t purge_all();

    // Unmaps free pages that are not resident: somebody needs the address space. How many.
    size_t release_address_space();

    // Whether it was KSLAB_LIMIT that refused the last request that was refused, of any page allocator.
    static bool limit_refused() { return limit_refused_; }

    // The clock of stamps; told by reaping.
    void set_now(uint32_t now_ms) { now_ = now_ms; }

    // Whether `address` lies in a run of any page allocator, in use or free; its state then. Slow.
    static bool covers(const void* address, run_state& state);

    page_stats stats();
    static mutex& lock() { return lock_; }
    // In the child of a fork, which has the lock to itself: threads that were giving runs back do not exist. What
    // they were purging is purged again; what they were unmapping is forgotten, for nobody knows whether it is gone.
    void after_fork();

    // Statements that must hold: lists, merging, page map, sums. Null, or what is wrong.
    const char* validate();

private:
    static run* find_fit(const run_bins& bins, size_t pages, size_t align_pages);
    run* take_fit(const page_request& request);
    run* take_joined(size_t pages);
    static run* free_before(const run* r);
    static run* free_behind(const run* r);
    void join(run* front, run* back);
    run* map_new(size_t pages, size_t align_pages, scoped_lock& lock);
    run* map_region(size_t pages, size_t wanted);
    run* carve(run* r, size_t pages, size_t align_pages);
    run* split_tail(run* r, size_t keep);
    run* make_run(uintptr_t start, size_t pages, run_content content);
    void drop_run(run* r);

    void insert_free(run* r);
    void remove_free(run* r);
    run* merge_neighbours(run* r);
    void publish(run* r);
    void unpublish(run* r);

    size_t purge_to(size_t target_dirty, uint32_t stamped_before, scoped_lock& lock);
    void begin_transit(run* r);
    void end_transit(run* r);
    bool worth_unmapping(const run* r) const;
    size_t give_back(run* r, scoped_lock& lock);
    size_t unmap_zero_runs(size_t least_pages, size_t keep, scoped_lock& lock, size_t* runs_left = nullptr);
    size_t kept_address_space() const;
    size_t bound() const;
    void note_used(size_t more);
    void note_allocation(size_t pages);
    void note_release(size_t pages);
    void forget_given_back();
    void note_regret(const run* r);
    bool within_limit(size_t pages, bool reserve = false) const;
    size_t least_bound() const;
    const char* validate_run(const run* r) const;

    static constexpr uint32_t kAnyStamp = ~uint32_t{0};
    static constexpr size_t kMaxPages = (size_t{1} << 47) >> kPageShift;
    static constexpr unsigned kRecent = 8;
    struct recent_release {
        size_t pages;
        uint32_t stamp;
        bool taken;  // a run of that size was allocated since
    };

    bool low() const;  // low_pages; by its address, so that it is all zeroes in the file

    static mutex lock_;
    static relaxed<bool> limit_refused_;
    relaxed<bool> begun_ = false;
    run_bins bins_[3]{};  // by run_content
    list_head age_{};      // dirty runs, oldest first
    list_head transit_{};  // runs that go back to the system just now
    relaxed<size_t> count_[3]{};  // free pages by run_content
    relaxed<size_t> used_ = 0;
    relaxed<size_t> used_runs_;
    size_t largest_used_ = 0;
    size_t mapped_ = 0;
    size_t limit_ = 0;
    uint32_t decay_ms_ = 0;
    relaxed<uint32_t> now_ = 0;
    size_t moved_runs_ = 0;
    size_t trims_left_ = 0;
    recent_release recent_[kRecent]{};
    unsigned recent_next_ = 0;
    relaxed<size_t> hot_pages_ = 0;
    relaxed<uint32_t> hot_until_ = 0;
    relaxed<size_t> hot_used_ = 0;  // the most pages in use before a big release since some size is hot
    relaxed<size_t> regretted_ = 0;  // pages that the least bound is raised by
    size_t given_back_ = 0;          // pages, for the bound's sake; counts until:
    uint32_t given_back_until_ = 0;
    uint32_t regretted_until_ = 0;
};

extern page_allocator all_pages;
extern page_allocator low_pages;

inline bool page_allocator::low() const { return this == &low_pages; }

inline page_allocator& allocator_of(const run* r) { return r->low ? low_pages : all_pages; }

// Runs that are in use go back to, and are resized by, the allocator that they came from: see its functions.
inline void release_run(run* r, run_content content = run_content::dirty, bool mixed = false) {
    allocator_of(r).release(r, content, mixed);
}
inline bool grow_run(run* r, size_t pages) { return allocator_of(r).grow(r, pages); }
inline void shrink_run(run* r, size_t pages) { allocator_of(r).shrink(r, pages); }
inline bool move_run(run* r, size_t pages) { return allocator_of(r).move(r, pages); }

// Visits both, or the one that has begun.
template <typename F>
void for_each_page_allocator(F visit) {
    visit(all_pages);
    if (KSLAB_UNLIKELY(low_pages.begun())) visit(low_pages);
}

// The sums. largest_used is what it can have been at most.
page_stats page_stats_of_all();

}  // namespace kslab
