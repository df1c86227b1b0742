#include "kmalloc/run_cache.h"

#include "base/mutex.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr unsigned kDepth = 8;
// All caches together stay far below the page allocator's least bound of 16 MiB.
constexpr size_t kTotalPages = (size_t{8} << 20) >> kPageShift;
// By so much a cache may grow before the bound is looked at; runs that come and go do not make it grow.
constexpr size_t kUncheckedPages = (size_t{256} << 10) >> kPageShift;

struct alignas(kCacheLine) run_cache {
    mutex lock{lock_rank::run_cache};
    size_t pages = 0;
    size_t runs = 0;
    size_t checked = 0;  // of `pages`: what the page allocator's bound was last looked at for, at most
    bool touched = false;
    uint8_t depth[kRunBins]{};
    run* bin[kRunBins][kDepth]{};
};

run_cache caches[kRunCaches];
unsigned active = 1;
size_t pages_each = kTotalPages;

run_cache& mine() {
    // Thread structures of libc are at least a page apart.
    uintptr_t token = host_thread_token() >> kPageShift;
    return caches[(token ^ token >> 3 ^ token >> 9) & (active - 1)];
}

void note(const run_cache& cache) {
    all_pages.note_cached(static_cast<unsigned>(&cache - caches), cache.pages, cache.runs);
}

run* pop_locked(run_cache& cache, unsigned bin) {
    run* r = cache.bin[bin][--cache.depth[bin]];
    cache.pages -= r->pages;
    cache.runs--;
    if (cache.pages < cache.checked) cache.checked = cache.pages;
    note(cache);
    return r;
}

}  // namespace

void run_cache_init(unsigned cpus) {
    active = static_cast<unsigned>(next_power_of_two(cpus * 2));
    if (active > kRunCaches) active = kRunCaches;
    pages_each = kTotalPages / active;
}

run* run_cache_take(size_t pages) {
    if (pages > kCachedPages) return nullptr;
    run_cache& cache = mine();
    unsigned bin = run_bin(pages);
    scoped_lock lock(cache.lock);
    cache.touched = true;
    if (cache.depth[bin] == 0) return nullptr;
    return pop_locked(cache, bin);
}

bool run_cache_give(run* r) {
    size_t count = r->pages;
    if (r->low || count > kCachedPages || run_bin_pages(count) != count) return false;
    run_cache& cache = mine();
    unsigned bin = run_bin(count);
    bool grown;
    {
        scoped_lock lock(cache.lock);
        if (cache.depth[bin] == kDepth || cache.pages + count > pages_each) return false;
        cache.bin[bin][cache.depth[bin]++] = r;
        cache.pages += count;
        cache.runs++;
        note(cache);
        grown = cache.pages > cache.checked + kUncheckedPages;
        if (grown) cache.checked = cache.pages;
    }
    if (grown) all_pages.purge_excess();
    return true;
}

namespace {

run* take_any(run_cache& cache, unsigned bin) {
    scoped_lock lock(cache.lock);
    return cache.depth[bin] == 0 ? nullptr : pop_locked(cache, bin);
}

}  // namespace

void run_cache_drain(bool all) {
    for (unsigned i = 0; i < active; i++) {
        {
            scoped_lock lock(caches[i].lock);
            bool touched = caches[i].touched;
            caches[i].touched = false;
            if (touched && !all) continue;
        }
        for (unsigned bin = 0; bin < kRunBins; bin++)
            while (run* r = take_any(caches[i], bin)) release_run(r);
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
