// Layout arithmetic for random sizes, against a model that searches where the code calculates.
#include <gtest/gtest.h>

#include "slab/layout.h"
#include "slab/slab.h"
#include "support/random.h"

namespace {

using namespace kslab;

struct model {
    size_t stride, align, order, num, slab_size, left_over;
    bool off_slab;
};

size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

size_t model_align(size_t size, size_t align, bool hardware) {
    size_t line = 8;
    if (hardware)
        for (line = 64; size * 2 <= line;) line /= 2;
    return align > line ? align : line;
}

size_t management(size_t num, size_t align) { return round_up(48 + 4 * num, align); }

// The most objects for which management and objects fit.
size_t on_slab_num(size_t bytes, size_t stride, size_t align) {
    size_t num = 0;
    while (management(num + 1, align) + (num + 1) * stride <= bytes) num++;
    return num;
}

model compute(size_t size, size_t wanted_align, bool hardware, bool reclaim) {
    model m{};
    m.align = model_align(size, wanted_align, hardware);
    m.stride = round_up(round_up(size, 8), m.align);
    m.off_slab = m.stride >= 512;
    for (size_t order = 0; order <= 5; order++) {
        size_t bytes = size_t{4096} << order;
        size_t num = m.off_slab ? bytes / m.stride : on_slab_num(bytes, m.stride, m.align);
        if (num == 0) continue;
        if (m.off_slab && num * 4 + 48 > m.stride) break;
        m.order = order;
        m.num = num;
        m.left_over = bytes - num * m.stride - (m.off_slab ? 0 : management(num, m.align));
        if (reclaim || order == 1 || order > 1 || m.left_over * 8 <= bytes) break;
    }
    size_t aligned = management(m.num, m.align);
    if (m.off_slab && m.left_over >= aligned) {
        m.off_slab = false;
        m.left_over -= aligned;
    }
    m.slab_size = m.off_slab ? 48 + 4 * m.num : aligned;
    return m;
}

TEST(layout_model, kernel_geometry_of_random_sizes) {
    test::random random(3);
    for (int i = 0; i < 40000; i++) {
        size_t size = random.between(8, random.one_in(3) ? 131072 : 5000);
        size_t align = random.one_in(2) ? 0 : size_t{8} << random.below(10);
        if (round_up(size, align == 0 ? 8 : align) > 131072) continue;
        bool hardware = random.one_in(2);
        bool reclaim = random.one_in(4);
        kernel_geometry g = calculate_kernel_geometry(
            size, align, (hardware ? kHardwareAlign : 0) | (reclaim ? kReclaimAccount : 0));
        model m = compute(size, align, hardware, reclaim);
        SCOPED_TRACE(testing::Message() << "size " << size << " align " << align << " hardware " << hardware);
        ASSERT_EQ(g.buffer_size, m.stride);
        ASSERT_EQ(g.align, m.align);
        ASSERT_EQ(g.order, m.order);
        ASSERT_EQ(g.num, m.num);
        ASSERT_EQ(g.off_slab, m.off_slab);
        ASSERT_EQ(g.slab_size, m.slab_size);
        ASSERT_EQ(g.left_over, m.left_over);
        ASSERT_EQ(g.colour, m.left_over / (m.align > 64 ? m.align : 64));
    }
}

// kslab's own geometry: the smallest run of at least the floor that wastes at most an eighth.
TEST(layout_model, own_geometry) {
    for (size_t floor : {size_t{4}, size_t{8}, size_t{16}})
        for (size_t size = 8; size <= kMaxObjectSize; size += size < 9000 ? 8 : 1000) {
            slab_layout layout = make_layout(size, 8, floor);
            size_t pages = floor;
            while (pages * 4096 < size || (pages * 4096 - pages * 4096 / size * size) * 8 > pages * 4096) pages++;
            SCOPED_TRACE(size);
            ASSERT_EQ(layout.pages, pages);
            ASSERT_EQ(layout.num, pages * 4096 / size);
            ASSERT_EQ(layout.mgmt, 0u);
            size_t used = layout.num * size;
            ASSERT_LE(used + layout.colour * layout.colour_off, pages * 4096);
            ASSERT_GT(used + (layout.colour + size_t{1}) * layout.colour_off, pages * 4096);
            ASSERT_LE(layout.pages, kMaxSlabPages);
            ASSERT_LE(layout.num, kMaxObjectsPerSlab);
        }
}

TEST(layout_model, colours_keep_the_alignment) {
    for (size_t align = 8; align <= 4096; align *= 2) {
        size_t size = round_up(3000, align);
        slab_layout layout = make_layout(size, align, 4);
        EXPECT_EQ(layout.colour_off % align, 0u);
        EXPECT_EQ(layout.colour_off % 64, 0u);
    }
}

TEST(layout_model, slabs_of_a_cache_grow_to_64_kib) {
    EXPECT_EQ(floor_pages_for(0) * kPageSize, size_t{16} << 10);
    EXPECT_EQ(floor_pages_for(1) * kPageSize, size_t{32} << 10);
    for (size_t slabs : {2, 3, 100000}) EXPECT_EQ(floor_pages_for(slabs) * kPageSize, size_t{64} << 10);
}

}  // namespace
