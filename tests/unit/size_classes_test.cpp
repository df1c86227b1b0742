#include "config/size_classes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using namespace kslab;

std::vector<size_t> classes(size_profile profile, slab_geometry geometry = slab_geometry::kslab) {
    size_class_table table = make_size_classes(profile, geometry);
    return {table.size, table.size + table.count};
}

TEST(size_classes, profile_kmalloc_is_the_kernels_table) {
    EXPECT_EQ(classes(size_profile::kmalloc), (std::vector<size_t>{8, 16, 32, 64, 96, 128, 192, 256, 512, 1024,
                                                                   2048, 4096, 8192}));
}

const std::vector<size_t> kOdd{8,    16,   32,   48,   64,   80,   96,   112,  128,  192,  256,  320,
                               384,  448,  512,  640,  768,  896,  1024, 1088, 1280, 1536, 1792,
                               2048, 2176, 2560, 3072, 3584, 4096, 4608, 5120, 6144, 7168, 8192};
const std::vector<size_t> kWholePages{12288, 16384, 20480, 24576, 28672, 32768,  40960,
                                      49152, 57344, 65536, 81920, 98304, 114688, 131072, 163840, 196608, 229376, 262144};

std::vector<size_t> joined(std::vector<size_t> front, const std::vector<size_t>& back) {
    front.insert(front.end(), back.begin(), back.end());
    return front;
}

std::vector<size_t> fine() {
    std::vector<size_t> table = kOdd;
    for (size_t size : {160, 224}) table.insert(std::lower_bound(table.begin(), table.end(), size), size);
    return table;
}

TEST(size_classes, profile_odd_adds_48_80_and_112_quarter_steps_and_room_for_headers) {
    EXPECT_EQ(classes(size_profile::odd), joined(kOdd, kWholePages));
}

TEST(size_classes, profile_fine_adds_two_more) { EXPECT_EQ(classes(size_profile::fine), joined(fine(), kWholePages)); }

TEST(size_classes, kernel_geometry_goes_on_to_131072) {
    const std::vector<size_t> powers{16384, 32768, 65536, 131072};
    EXPECT_EQ(classes(size_profile::odd, slab_geometry::kernel), joined(kOdd, powers));
    EXPECT_EQ(classes(size_profile::fine, slab_geometry::kernel), joined(fine(), powers));
    EXPECT_EQ(classes(size_profile::kmalloc, slab_geometry::kernel), joined(classes(size_profile::kmalloc), powers));
}

TEST(size_classes, without_those_of_whole_pages) {
    size_class_table table = make_size_classes(size_profile::odd, slab_geometry::kslab, kFastMaximum);
    EXPECT_EQ(table.whole_pages_from, table.count);
    EXPECT_EQ(std::vector<size_t>(table.size, table.size + table.count), kOdd);
    table = make_size_classes(size_profile::odd, slab_geometry::kernel, kFastMaximum);
    EXPECT_EQ(table.size[table.count - 1], kLargestClass) << "the kernel's are the kernel's";
}

TEST(size_classes, there_is_room_for_all) { EXPECT_LE(classes(size_profile::fine).size(), size_t{kMaxClasses}); }

TEST(size_classes, every_class_keeps_the_alignment_that_malloc_promises) {
    for (size_profile profile : {size_profile::odd, size_profile::kmalloc, size_profile::fine})
        for (size_t size : classes(profile)) EXPECT_EQ(size % (size < 16 ? 8 : 16), 0u) << size;
}

// Written after the kernel's header: an if for each size.
unsigned ladder(size_t size) {
    if (size == 0) return 0;
    if (size <= 8) return 3;
    if (size <= 16) return 4;
    if (size <= 32) return 5;
    if (size <= 64) return 6;
    if (size <= 96) return 1;
    if (size <= 128) return 7;
    if (size <= 192) return 2;
    unsigned index = 8;
    for (size_t bound = 256; size > bound; bound += bound) index++;
    return index;
}

TEST(size_classes, kmalloc_index_exhaustive_to_4_mib) {
    EXPECT_EQ(kernel_kmalloc_index(0), 0u);
    for (size_t size = 1; size <= size_t{4} << 20; size++) ASSERT_EQ(kernel_kmalloc_index(size), ladder(size)) << size;
}

// The kernel's size_index[24], for (bytes - 1) / 8 up to 192 bytes; SLUB's variant, which starts at 8.
TEST(size_classes, kmalloc_index_agrees_with_size_index) {
    constexpr unsigned kTable[24] = {3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2};
    for (size_t size = 1; size <= 192; size++) EXPECT_EQ(kernel_kmalloc_index(size), kTable[(size - 1) / 8]) << size;
}

TEST(size_classes, kmalloc_index_names_the_class_of_profile_kmalloc) {
    std::vector<size_t> table = classes(size_profile::kmalloc, slab_geometry::kernel);
    for (size_t size = 1; size <= kLargestClass; size++) {
        unsigned index = kernel_kmalloc_index(size);
        size_t expected = index == 1 ? 96 : index == 2 ? 192 : size_t{1} << index;
        ASSERT_EQ(*std::lower_bound(table.begin(), table.end(), size), expected) << size;
    }
}

}  // namespace
