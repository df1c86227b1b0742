// Recently freed runs of up to 64 pages, ready for the next large allocation. A few caches, each with its own
// lock, chosen by thread: threads rarely meet, and anyone can drain them, so that a sleeping thread holds
// none. Each begins with room for 256 KiB, and gets more, all together 8 MiB, where that was too little lately. What waits here
// counts as dirty in the page allocator's bound.
#pragma once
#include "base/bits.h"
#include "pages/page_allocator.h"

namespace kslab {

inline constexpr size_t kCachedPages = 64;

// Page counts in quarter steps: 1 2 3 4 5 6 7 8 10 12 14 16 20 … 64.
constexpr unsigned run_bin(size_t pages) {
    if (pages <= 4) return static_cast<unsigned>(pages) - 1;
    unsigned doubling = log2_floor(pages - 1);
    return 4 + (doubling - 2) * 4 + static_cast<unsigned>(((pages - 1) >> (doubling - 2)) & 3);
}
inline constexpr unsigned kRunBins = run_bin(kCachedPages) + 1;
constexpr size_t run_bin_pages(size_t pages) {
    if (pages <= 4) return pages;
    size_t step = size_t{1} << (log2_floor(pages - 1) - 2);
    return align_up(pages, step);
}

void run_cache_init(unsigned cpus);

// Null when none waits.
run* run_cache_take(size_t pages);
// The run is in state cached. False: not kept, as low runs never are, nor those that were resized to the size of no bin.
bool run_cache_give(run* r);

// Runs that no thread asked for since the last call leave (reaping), or all of them.
void run_cache_drain(bool all);

// Fork: all locks, in rank order.
void run_cache_lock_all(bool* held);
void run_cache_unlock_all(const bool* held);
void run_cache_reset_locks();

}  // namespace kslab
