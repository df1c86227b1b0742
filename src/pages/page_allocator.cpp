// Handing out and taking back. Purging is in purge.cpp, resizing in resize.cpp.
#include "pages/page_allocator.h"

#include "base/check.h"
#include "os/low_memory.h"
#include "os/memory.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit mutex page_allocator::lock_{lock_rank::page_allocator};
constinit relaxed<bool> page_allocator::limit_refused_{false};
constinit page_allocator all_pages;
constinit page_allocator low_pages;

namespace {
// Address space is taken in steps of an eighth of what there is.
constexpr size_t kFirstRegion = (size_t{256} << 10) >> kPageShift;
constexpr size_t kLargestRegion = (size_t{32} << 20) >> kPageShift;
// Smaller requests than this do not look for a dirty run to complete, and larger ones look at so many.
constexpr size_t kJoinPages = 64;
constexpr unsigned kJoinTries = 16;
// An aligned request looks at so many runs that may hold it.
constexpr unsigned kAlignTries = 64;
// So many leftovers of alignment are unmapped: each hole may cost one of the process's mappings (vm.max_map_count, 65530).
constexpr size_t kMostTrims = 8000;
// What is set aside beyond KSLAB_LIMIT: a sixteenth of it, at least so much.
constexpr size_t kLeastReserve = 16;

size_t index(run_content content) { return static_cast<size_t>(content); }

// Mappings that mremap moved do not merge with others.
bool is_free_like(const run* free, const run* r) {
    return free != nullptr && free->state == run_state::free && free->moved == r->moved && free->low == r->low;
}

size_t zero_pages(const run* free) { return free != nullptr && free->content == run_content::zero ? free->pages : 0; }
}  // namespace

void page_allocator::init(size_t limit_pages, size_t decay_ms) {
    age_.init();
    transit_.init();
    limit_ = limit_pages;
    trims_left_ = kMostTrims;
    decay_ms_ = decay_ms > 0x7fffffff ? 0x7fffffff : static_cast<uint32_t>(decay_ms);
    begun_ = true;
    if (!low() || page_map_has_home()) return;
    // Home is not for these, should they come first: it is where the system puts what may lie anywhere. (With the lock, but once.)
    void* elsewhere = os_map(kPageSize);
    page_map_place_home(elsewhere);
    if (elsewhere != nullptr) os_unmap(elsewhere, kPageSize);
}

run* page_allocator::make_run(uintptr_t start, size_t pages, run_content content) {
    run* r = static_cast<run*>(metadata_allocate(sizeof(run)));
    if (r != nullptr) *r = run{{}, {}, start, pages, 0, run_state::used, content,
                             false, low(), false, run_watch::none, run_guard::none, nullptr};
    return r;
}

void page_allocator::drop_run(run* r) {
    if (r->moved) moved_runs_--;
    metadata_free(r, sizeof(run));
}

void page_allocator::note_used(size_t more) {
    used_ += more;
    if (used_ > largest_used_) largest_used_ = used_;
}

void page_allocator::publish(run* r) {
    page_map_set_owner(r->start, page_owner(r));
    page_map_set_owner(r->end() - kPageSize, page_owner(r));
}

void page_allocator::unpublish(run* r) {
    page_map_set_owner(r->start, {});
    page_map_set_owner(r->end() - kPageSize, {});
}

void page_allocator::insert_free(run* r) {
    r->state = run_state::free;
    bins_[index(r->content)].add(r);
    count_[index(r->content)] += r->pages;
    if (r->content == run_content::zero) r->mixed = false;
    if (r->content != run_content::dirty) return;
    // What is left of an old run is as old as it was.
    bool old = !age_.empty() && static_cast<int32_t>(r->stamp - KSLAB_CONTAINER_OF(age_.prev, run, age)->stamp) < 0;
    if (old)
        age_.add(&r->age);
    else
        age_.add_tail(&r->age);
}

void page_allocator::remove_free(run* r) {
    bins_[index(r->content)].remove(r);
    count_[index(r->content)] -= r->pages;
    if (r->content == run_content::dirty) list_head::del(&r->age);
    r->state = run_state::transit;
}

// The free run that ends where `r` begins, and the one that begins where it ends, if they could be one with it; or null.
run* page_allocator::free_before(const run* r) {
    run* before = page_owner_of(reinterpret_cast<void*>(r->start - kPageSize)).run();
    return is_free_like(before, r) && before->end() == r->start ? before : nullptr;
}

run* page_allocator::free_behind(const run* r) {
    run* behind = page_owner_of(reinterpret_cast<void*>(r->end())).run();
    return is_free_like(behind, r) && behind->start == r->end() ? behind : nullptr;
}

// `r` is in the page map and on no list; the result is that, too.
run* page_allocator::merge_neighbours(run* r) {
    if (run* before = free_before(r); before != nullptr && before->content == r->content) {
        remove_free(before);
        join(before, r);
        r = before;
    }
    if (run* behind = free_behind(r); behind != nullptr && behind->content == r->content) {
        remove_free(behind);
        join(r, behind);
    }
    return r;
}

// Two runs side by side, on no list, become `front`. It is as old as the newer of the two.
void page_allocator::join(run* front, run* back) {
    page_map_set_owner(front->end() - kPageSize, {});
    page_map_set_owner(back->start, {});
    front->pages += back->pages;
    if (static_cast<int32_t>(back->stamp - front->stamp) > 0) front->stamp = back->stamp;
    front->mixed |= back->mixed || front->content != back->content;
    if (back->content != run_content::zero) front->content = back->content;
    drop_run(back);
    publish(front);
}

// No dirty run is large enough by itself: one of some size is completed from its neighbours, so that what is warm
// is used before fresh pages are touched.
run* page_allocator::take_joined(size_t wanted) {
    if (wanted < kJoinPages) return nullptr;
    run* best = nullptr;
    bins_[index(run_content::dirty)].for_some(wanted / 4, kJoinTries, [&](run* r) {
        if (best != nullptr && r->pages <= best->pages) return;
        if (r->pages + zero_pages(free_before(r)) + zero_pages(free_behind(r)) >= wanted) best = r;
    });
    if (best == nullptr) return nullptr;
    remove_free(best);
    if (best->pages >= wanted) return carve(best, wanted, 1);
    run* behind = free_behind(best);
    if (zero_pages(behind) > 0) {
        remove_free(behind);
        if (size_t need = wanted - best->pages; behind->pages > need)
            if (run* rest = split_tail(behind, need)) insert_free(rest);
        join(best, behind);
    }
    if (best->pages < wanted) {
        run* before = free_before(best);
        size_t need = wanted - best->pages;
        remove_free(before);
        run* piece = before->pages > need ? split_tail(before, before->pages - need) : nullptr;
        if (piece != nullptr) insert_free(before);
        run* front = piece != nullptr ? piece : before;
        join(front, best);
        best = front;
    }
    return carve(best, wanted, 1);
}

// Cuts `r`, which is on no list, to `keep` pages. The tail is in the page map and on no list; null when
// memory for its descriptor is short: then `r` stays whole.
run* page_allocator::split_tail(run* r, size_t keep) {
    uintptr_t at = r->start + keep * kPageSize;
    if (!page_map_ensure(at) || !page_map_ensure(at - kPageSize)) return nullptr;
    run* tail = make_run(at, r->pages - keep, r->content);
    if (tail == nullptr) return nullptr;
    tail->stamp = r->stamp;
    tail->moved = r->moved;
    tail->mixed = r->mixed;
    if (tail->moved) moved_runs_++;
    tail->state = run_state::transit;
    r->pages = keep;
    publish(r);
    publish(tail);
    return tail;
}

// Turns `r`, which is on no list and large enough, into a run in use; what is too much goes back.
run* page_allocator::carve(run* r, size_t pages, size_t align_pages) {
    size_t skip = (align_up(r->start, align_pages * kPageSize) - r->start) / kPageSize;
    if (skip > 0) {
        run* aligned = split_tail(r, skip);
        insert_free(r);
        if (aligned == nullptr) return nullptr;
        r = aligned;
    }
    if (r->pages > pages)
        if (run* tail = split_tail(r, pages)) insert_free(tail);
    r->state = run_state::used;
    r->watch = run_watch::none;
    note_used(r->pages);
    used_runs_ += 1;
    return r;
}

// An aligned request leaves, when it is freed, what fits its like: a run that is large enough wherever it begins is the last choice.
run* page_allocator::find_fit(const run_bins& bins, size_t pages, size_t align_pages) {
    if (align_pages == 1) return bins.find(pages);
    run* fit = nullptr;
    bins.for_some(pages, kAlignTries, [&](run* r) {
        size_t skip = (align_up(r->start, align_pages * kPageSize) - r->start) / kPageSize;
        if (fit == nullptr && skip + pages <= r->pages) fit = r;
    });
    return fit != nullptr ? fit : bins.find(pages + align_pages - 1);
}

run* page_allocator::take_fit(const page_request& request) {
    size_t pages = request.pages;
    size_t align_pages = request.align_pages;
    for (run_content content : {run_content::dirty, run_content::stuck, run_content::zero}) {
        if (content == run_content::zero && align_pages == 1)
            if (run* joined = take_joined(pages)) return joined;
        run* r = find_fit(bins_[index(content)], pages, align_pages);
        if (r == nullptr) continue;
        remove_free(r);
        return carve(r, pages, align_pages);
    }
    return nullptr;
}

// New address space for at least `pages`, in the page map and counted, on no list.
run* page_allocator::map_region(size_t pages, size_t wanted) {
    auto map = low() ? os_map_low : os_map;
    void* memory = map(wanted * kPageSize);
    while (memory == nullptr && wanted > pages) {  // there may be room for less
        wanted = wanted / 2 > pages ? wanted / 2 : pages;
        memory = map(wanted * kPageSize);
    }
    if (memory == nullptr) return nullptr;
    uintptr_t start = reinterpret_cast<uintptr_t>(memory);
    run* r = nullptr;
    if (page_map_ensure(start) && page_map_ensure(start + (wanted - 1) * kPageSize))
        r = make_run(start, wanted, run_content::zero);
    if (r == nullptr) os_unmap(memory, wanted * kPageSize);
    return r;
}

run* page_allocator::map_new(size_t pages, size_t align_pages, scoped_lock& lock) {
    size_t step = next_power_of_two(mapped_ / 8 + 1);
    if (step < kFirstRegion) step = kFirstRegion;
    if (step > kLargestRegion) step = kLargestRegion;
    lock.unlock();
    size_t needed = pages + align_pages - 1;
    size_t system_pages = os_page_size() / kPageSize;
    run* r = map_region(align_up(needed, system_pages), align_up(needed < step ? step : needed, system_pages));
    lock.lock();
    if (r == nullptr) return nullptr;
    mapped_ += r->pages;
    publish(r);
    r->state = run_state::transit;
    r = carve(merge_neighbours(r), pages, align_pages);
    // Alignment costs address space, but not for ever; nor may holes use up the process's mappings.
    if (align_pages > kFirstRegion) unmap_zero_runs(kFirstRegion, kept_address_space(), lock, &trims_left_);
    return r;
}

bool page_allocator::within_limit(size_t pages, bool reserve) const {
    if (limit_ == 0) return true;
    size_t beyond = limit_ / 16 > kLeastReserve ? limit_ / 16 : kLeastReserve;
    bool shared = this == &all_pages || this == &low_pages;
    size_t used = shared ? all_pages.used_ + low_pages.used_ : size_t{used_};
    return used + pages <= limit_ + (reserve ? beyond : 0);
}

run* page_allocator::allocate(const page_request& request) {
    size_t pages = request.pages;
    size_t align_pages = request.align_pages;
    if (pages == 0 || pages >= kMaxPages || align_pages >= kMaxPages) return nullptr;
    scoped_lock lock(lock_);
    if (KSLAB_UNLIKELY(!begun_)) {
        now_ = all_pages.now_;
        init(all_pages.limit_, all_pages.decay_ms_);
    }
    if (!within_limit(pages, request.reserve)) {
        limit_refused_ = true;
        return nullptr;
    }
    note_allocation(pages);
    auto take_any = [&] {
        run* r = take_fit(request);
        return r != nullptr ? r : map_new(pages, align_pages, lock);
    };
    if (run* r = take_any()) {
        if (KSLAB_UNLIKELY(given_back_ > 0) && !request.sparse) note_regret(r);
        return r;
    }
    limit_refused_ = false;
    // Free runs count against limits on address space: give them back and try once more.
    purge_to(0, kAnyStamp, lock);
    if (unmap_zero_runs(1, 0, lock) == 0) return nullptr;
    return take_any();
}

void page_allocator::release(run* r, run_content content, bool mixed) {
    scoped_lock lock(lock_);
    KSLAB_ASSERT(r->state == run_state::used || r->state == run_state::leaving);
    used_ -= r->pages;
    used_runs_ -= 1;
    note_release(r->pages);
    r->content = content;
    r->mixed = mixed;
    r->stamp = now_;
    r->state = run_state::transit;
    publish(r);
    r = merge_neighbours(r);
    if (content == run_content::zero && worth_unmapping(r)) {
        give_back(r, lock);
        return;
    }
    insert_free(r);
    lock.unlock();
    if (content != run_content::zero) purge_excess();
}

bool page_allocator::covers(const void* address, run_state& state) {
    scoped_lock lock(lock_);
    const run* r = page_owner_before(address).run();
    if (r == nullptr || reinterpret_cast<uintptr_t>(address) - r->start >= r->pages * kPageSize) return false;
    state = r->state;
    return true;
}

page_stats page_allocator::stats() {
    scoped_lock lock(lock_);
    return {mapped_,
            used_,
            used_runs_,
            count_[index(run_content::dirty)],
            count_[index(run_content::zero)],
            count_[index(run_content::stuck)],
            largest_used_};
}

page_stats page_stats_of_all() {
    page_stats sum;
    for_each_page_allocator([&sum](page_allocator& allocator) {
        page_stats stats = allocator.stats();
        sum.mapped += stats.mapped;
        sum.used += stats.used;
        sum.used_runs += stats.used_runs;
        sum.dirty += stats.dirty;
        sum.zero += stats.zero;
        sum.stuck += stats.stuck;
        sum.largest_used += stats.largest_used;
    });
    return sum;
}

}  // namespace kslab
