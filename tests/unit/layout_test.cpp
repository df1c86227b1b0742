// Layout arithmetic against the tables of Linux 2.6.17 on a 64-bit machine with 4 KiB pages, 64-byte lines and
// two CPUs. The rows were computed from the original's rules, apart from this code.
#include "slab/layout.h"

#include <gtest/gtest.h>

#include "config/size_classes.h"

namespace {

using namespace kslab;

struct oracle_row {
    size_t size;
    uint32_t buffer_size, align, order, num;
    bool off_slab;
    uint32_t slab_size, left_over, colours;
    unsigned limit, batch, shared;
    size_t free_limit, reap;
};

constexpr oracle_row kRelease[] = {
    {32, 32, 32, 0, 112, false, 512, 0, 0, 120, 60, 8, 292, 1},
    {64, 64, 64, 0, 59, false, 320, 0, 0, 120, 60, 8, 239, 1},
    {96, 128, 64, 0, 30, false, 192, 64, 1, 120, 60, 8, 210, 2},
    {128, 128, 64, 0, 30, false, 192, 64, 1, 120, 60, 8, 210, 2},
    {192, 192, 64, 0, 20, false, 128, 128, 2, 120, 60, 8, 200, 2},
    {256, 256, 64, 0, 15, false, 128, 128, 2, 120, 60, 8, 195, 3},
    {512, 512, 64, 0, 8, true, 80, 0, 0, 54, 27, 8, 89, 3},
    {1024, 1024, 64, 0, 4, true, 64, 0, 0, 54, 27, 8, 85, 5},
    {2048, 2048, 64, 0, 2, true, 56, 0, 0, 24, 12, 8, 38, 4},
    {4096, 4096, 64, 0, 1, true, 52, 0, 0, 24, 12, 8, 37, 8},
    {8192, 8192, 64, 1, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {16384, 16384, 64, 2, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {32768, 32768, 64, 3, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {65536, 65536, 64, 4, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {131072, 131072, 64, 5, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
};

// Two redzones and the caller, 24 bytes, where they do not need another page; alignment of a word there.
constexpr oracle_row kDebug[] = {
    {32, 56, 8, 0, 67, false, 320, 24, 0, 32, 16, 8, 115, 1},
    {64, 88, 8, 0, 44, false, 224, 0, 0, 32, 16, 8, 92, 1},
    {96, 120, 8, 0, 32, false, 176, 80, 1, 32, 16, 8, 80, 1},
    {128, 152, 8, 0, 25, false, 152, 144, 2, 32, 16, 8, 73, 1},
    {192, 216, 8, 0, 18, false, 120, 88, 1, 32, 16, 8, 66, 1},
    {256, 280, 8, 0, 14, false, 104, 72, 1, 32, 16, 8, 62, 1},
    {512, 536, 8, 0, 7, false, 80, 264, 4, 32, 16, 8, 55, 2},
    {1024, 1048, 8, 1, 7, false, 80, 776, 12, 24, 12, 8, 43, 2},
    {2048, 2072, 8, 1, 3, false, 64, 1912, 29, 24, 12, 8, 39, 3},
    {4096, 4096, 64, 0, 1, true, 52, 0, 0, 24, 12, 8, 37, 8},
    {8192, 8192, 64, 1, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {16384, 16384, 64, 2, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {32768, 32768, 64, 3, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {65536, 65536, 64, 4, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
    {131072, 131072, 64, 5, 1, true, 52, 0, 0, 8, 4, 0, 13, 3},
};

constexpr unsigned kCpus = 2;
constexpr unsigned kDebugLimit = 32;  // DEBUG caps the arrays

void expect_row(const oracle_row& row, const kernel_geometry& g, unsigned limit) {
    SCOPED_TRACE(row.size);
    EXPECT_EQ(g.buffer_size, row.buffer_size);
    EXPECT_EQ(g.align, row.align);
    EXPECT_EQ(g.order, row.order);
    EXPECT_EQ(g.num, row.num);
    EXPECT_EQ(g.off_slab, row.off_slab);
    EXPECT_EQ(g.slab_size, row.slab_size);
    EXPECT_EQ(g.left_over, row.left_over);
    EXPECT_EQ(g.colour, row.colours);
    EXPECT_EQ(limit, row.limit);
    EXPECT_EQ(array_batchcount(limit), row.batch);
    EXPECT_EQ(shared_factor(g.buffer_size), row.shared);
    size_t free_limit = node_free_limit(kCpus, array_batchcount(limit), g.num);
    EXPECT_EQ(free_limit, row.free_limit);
    EXPECT_EQ(reap_quota(free_limit, g.num), row.reap);
}

TEST(layout, kernel_geometry_release) {
    for (const oracle_row& row : kRelease) {
        kernel_geometry g = calculate_kernel_geometry(row.size, 0, kHardwareAlign);
        expect_row(row, g, array_limit(g.buffer_size));
    }
}

TEST(layout, kernel_geometry_debug) {
    for (const oracle_row& row : kDebug) {
        bool words = row.size < 4096;
        kernel_geometry g = calculate_kernel_geometry(words ? row.size + 24 : row.size, words ? 8 : 0,
                                                      words ? 0 : kHardwareAlign);
        unsigned limit = array_limit(g.buffer_size);
        expect_row(row, g, limit < kDebugLimit ? limit : kDebugLimit);
    }
}

TEST(layout, reclaimable_caches_take_the_first_order_that_fits) {
    EXPECT_EQ(calculate_kernel_geometry(1048, 8, kReclaimAccount).order, 0u);
    EXPECT_EQ(calculate_kernel_geometry(1048, 8, 0).order, 1u);
    EXPECT_EQ(calculate_kernel_geometry(5000, 8, kReclaimAccount).order, 1u);
}

TEST(layout, a_kernel_layout_keeps_room_for_the_management_on_the_slab) {
    for (const oracle_row& row : kRelease) {
        slab_layout layout = to_layout(calculate_kernel_geometry(row.size, 0, kHardwareAlign));
        EXPECT_EQ(layout.pages, 1u << row.order);
        EXPECT_EQ(layout.num, row.num);
        EXPECT_EQ(layout.mgmt, row.off_slab ? 0 : row.slab_size);
        EXPECT_LE(layout.mgmt + layout.colour * layout.colour_off + size_t{layout.num} * row.buffer_size,
                  layout.pages * kPageSize);
    }
}

TEST(layout, array_limits_change_right_above_their_bounds) {
    struct {
        size_t size;
        unsigned limit, batch, shared;
    } rows[] = {{8, 120, 60, 8},     {256, 120, 60, 8},  {257, 54, 27, 8},   {1024, 54, 27, 8},  {1025, 24, 12, 8},
                {4096, 24, 12, 8},   {4097, 8, 4, 0},    {131072, 8, 4, 0},  {131073, 1, 1, 0}};
    for (auto& row : rows) {
        EXPECT_EQ(array_limit(row.size), row.limit) << row.size;
        EXPECT_EQ(array_batchcount(array_limit(row.size)), row.batch) << row.size;
        EXPECT_EQ(shared_factor(row.size), row.shared) << row.size;
    }
}

}  // namespace
