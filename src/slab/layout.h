// Layout arithmetic: how many objects of a size fit into how many pages. Pure functions, tested against the
// table of Linux 2.6.17.
#pragma once
#include "base/bits.h"
#include "config/options.h"

namespace kslab {

inline constexpr size_t kMaxObjectSize = size_t{128} << 10;
inline constexpr size_t kMaxSlabPages = 32;
inline constexpr size_t kMaxObjectsPerSlab = 8192;

struct slab_layout {
    uint32_t pages;
    uint32_t num;         // objects
    uint32_t mgmt;        // bytes kept free before the first object (kernel geometry with on-slab management)
    uint32_t colour;      // how many different starts the left-over allows
    uint32_t colour_off;  // bytes between two of them
};

// kslab's own geometry: the smallest run of at least `floor_pages` whose left-over is at most an eighth.
// Management is off-slab always.
slab_layout make_layout(size_t size, size_t align, size_t floor_pages);
// The smallest run that holds an object, whatever is left over.
slab_layout make_smallest_layout(size_t size, size_t align);

// Sizes of the slabs of one cache, first to last: 16 KiB, 32 KiB, then 64 KiB.
constexpr size_t floor_pages_for(size_t slabs_so_far) {
    return slabs_so_far == 0 ? 4 : slabs_so_far == 1 ? 8 : 16;
}

// ---- The geometry of Linux 2.6.17 (mm/slab.c: cache_estimate, calculate_slab_order), on 64-bit machines.

struct kernel_geometry {
    uint32_t buffer_size;
    uint32_t align;
    uint32_t order;
    uint32_t num;
    bool off_slab;       // the slab descriptor lies outside the slab
    uint32_t slab_size;  // bytes of the descriptor with its bufctl
    uint32_t left_over;
    uint32_t colour;
    uint32_t colour_off;
};

inline constexpr unsigned kHardwareAlign = 1;    // SLAB_HWCACHE_ALIGN
inline constexpr unsigned kReclaimAccount = 2;   // SLAB_RECLAIM_ACCOUNT: order 0

// `size` with any debug words already added; `align` as the caller asked for, 0 for none.
kernel_geometry calculate_kernel_geometry(size_t size, size_t align, unsigned flags);
slab_layout to_layout(const kernel_geometry& geometry);

// Limits that follow from the geometry (free_limit, and how many slabs one reap takes from slabs_free).
constexpr size_t node_free_limit(unsigned cpus, unsigned batchcount, size_t num) {
    return (1 + size_t{cpus}) * batchcount + num;
}
constexpr size_t reap_quota(size_t free_limit, size_t num) { return (free_limit + 5 * num - 1) / (5 * num); }

}  // namespace kslab
