#include "kmalloc/run_cache.h"

#include "base/mutex.h"
#include "pages/page_allocator.h"
#include "thread/thread_cache.h"

namespace kslab {

namespace {

constexpr unsigned kDepth = 8;
// All caches together stay far below the page allocator's least bound of 16 MiB.
constexpr size_t kTotalPages = (size_t{8} << 20) >> kPageShift;
// A cache begins with so much: in the page allocator freed runs serve all sizes, and slabs. Whenever a run of a size is
// wanted that there was no room for, since the last one was, there is room for a page more, until nobody asks for a while.
constexpr size_t kFirstPages = (size_t{256} << 10) >> kPageShift;
// By so much a cache may grow before the bound is looked at; runs that come and go do not make it grow.
constexpr size_t kUncheckedPages = (size_t{256} << 10) >> kPageShift;

// What it holds is counted where the page allocator looks for it.
struct alignas(kCacheLine) run_cache {
    mutex lock{lock_rank::run_cache};
    bool touched = false;
    uint32_t refused = 0;  // a bit for each bin that had no room for a run since one of its size was wanted
    size_t grown_pages = 0;  // beyond kFirstPages: zero at the start, so that the caches take no place in the file
    size_t checked = 0;  // the page allocator's bound was last looked at for so many pages, at most
    uint8_t depth[kRunBins]{};
    run* bin[kRunBins][kDepth]{};
};

// run_bin() of each size, and whether it is the bin's own.
struct bin_table {
    uint8_t bin[kCachedPages + 1]{};
    bool own[kCachedPages + 1]{};
    constexpr bin_table() {
        for (size_t pages = 1; pages <= kCachedPages; pages++) {
            bin[pages] = static_cast<uint8_t>(run_bin(pages));
            own[pages] = run_bin_pages(pages) == pages;
        }
    }
};
constexpr bin_table kBins;

run_cache caches[kRunCaches];
unsigned active = 1;
size_t pages_each = kTotalPages;

unsigned mine() { return this_thread()->number & (active - 1); }

run* pop_locked(unsigned which, unsigned bin) {
    run_cache& cache = caches[which];
    run* r = cache.bin[bin][--cache.depth[bin]];
    cached_count& count = all_pages.cached_by(which);
    count.runs -= 1;
    count.pages -= r->pages;
    if (count.pages < cache.checked) cache.checked = count.pages;
    return r;
}

// None of the size waits.
void note_miss(run_cache& cache, unsigned bin) {
    if ((cache.refused >> bin & 1) == 0) return;
    cache.refused &= ~(uint32_t{1} << bin);
    if (kFirstPages + cache.grown_pages < pages_each) cache.grown_pages++;
}

}  // namespace

void run_cache_init(unsigned cpus) {
    active = static_cast<unsigned>(next_power_of_two(cpus * 2));
    if (active > kRunCaches) active = kRunCaches;
    pages_each = kTotalPages / active;
}

run* run_cache_take(size_t pages) {
    if (pages > kCachedPages) return nullptr;
    unsigned which = mine();
    unsigned bin = kBins.bin[pages];
    run_cache& cache = caches[which];
    scoped_lock lock(cache.lock);
    cache.touched = true;
    if (KSLAB_LIKELY(cache.depth[bin] != 0)) return pop_locked(which, bin);
    note_miss(cache, bin);
    return nullptr;
}

bool run_cache_give(run* r) {
    size_t pages = r->pages;
    if (r->low || pages > kCachedPages || !kBins.own[pages]) return false;
    unsigned bin = kBins.bin[pages];
    unsigned which = mine();
    run_cache& cache = caches[which];
    cached_count& count = all_pages.cached_by(which);
    bool grown;
    {
        scoped_lock lock(cache.lock);
        size_t now = count.pages + pages;
        if (cache.depth[bin] == kDepth) return false;
        if (KSLAB_UNLIKELY(now > kFirstPages + cache.grown_pages)) {
            cache.refused |= uint32_t{1} << bin;
            return false;
        }
        cache.bin[bin][cache.depth[bin]++] = r;
        count.pages = now;
        count.runs += 1;
        grown = now > cache.checked + kUncheckedPages;
        if (grown) cache.checked = now;
    }
    if (grown) all_pages.purge_excess();
    return true;
}

namespace {

run* take_any(unsigned which, unsigned bin) {
    scoped_lock lock(caches[which].lock);
    return caches[which].depth[bin] == 0 ? nullptr : pop_locked(which, bin);
}

}  // namespace

void run_cache_drain(bool all) {
    for (unsigned i = 0; i < active; i++) {
        {
            scoped_lock lock(caches[i].lock);
            bool touched = caches[i].touched;
            caches[i].touched = false;
            if (touched && !all) continue;
            caches[i].grown_pages = 0;
            caches[i].refused = 0;
        }
        for (unsigned bin = 0; bin < kRunBins; bin++)
            while (run* r = take_any(i, bin)) release_run(r);
    }
}

void run_cache_lock_all(bool* held) {
    for (unsigned i = 0; i < kRunCaches; i++) held[i] = caches[i].lock.lock();
}

void run_cache_unlock_all(const bool* held) {
    for (unsigned i = 0; i < kRunCaches; i++) caches[i].lock.unlock(held[i]);
}

void run_cache_reset_locks() {
    for (run_cache& cache : caches) cache.lock.reset();
}

}  // namespace kslab
