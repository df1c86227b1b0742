#include "base/bits.h"

#include <gtest/gtest.h>

#include "support/random.h"

namespace {

using namespace kslab;

TEST(bits, powers_of_two) {
    EXPECT_FALSE(is_power_of_two(0));
    for (unsigned shift = 0; shift < 64; shift++) {
        size_t power = size_t{1} << shift;
        EXPECT_TRUE(is_power_of_two(power));
        EXPECT_EQ(is_power_of_two(power - 1), shift == 1) << power;
        EXPECT_EQ(is_power_of_two(power + 1), shift == 0) << power;
    }
}

TEST(bits, logarithms_bracket_their_number) {
    test::random random(1);
    for (int i = 0; i < 100000; i++) {
        size_t n = random.doubling(size_t{1} << 40);
        EXPECT_LE(size_t{1} << log2_floor(n), n);
        EXPECT_GT(size_t{2} << log2_floor(n), n);
        EXPECT_GE(size_t{1} << log2_ceil(n), n);
        EXPECT_LT(size_t{1} << log2_ceil(n) >> 1, n);
        EXPECT_EQ(next_power_of_two(n), size_t{1} << log2_ceil(n));
    }
    EXPECT_EQ(log2_ceil(0), 0u);
    EXPECT_EQ(next_power_of_two(0), 1u);
}

TEST(bits, alignment) {
    test::random random(2);
    for (int i = 0; i < 100000; i++) {
        size_t n = random.doubling(size_t{1} << 47);
        size_t align = size_t{1} << random.below(30);
        EXPECT_EQ(align_up(n, align) % align, 0u);
        EXPECT_GE(align_up(n, align), n);
        EXPECT_LT(align_up(n, align) - n, align);
        EXPECT_EQ(align_down(n, align), n / align * align);
    }
}

TEST(bits, in_fours_leaves_rows_of_four_and_more) {
    EXPECT_EQ(in_fours(0b111), 0u);
    EXPECT_EQ(in_fours(0b1111), 0b1111u);
    EXPECT_EQ(in_fours(0b1111111), 0b1111111u);
    EXPECT_EQ(in_fours(0b1101'1110'0111), 0b0001'1110'0000u);
    EXPECT_EQ(in_fours(0xffffffff), 0xffffffff);
    EXPECT_EQ(in_fours(0xf0000007), 0xf0000000);
}

TEST(bits, pages_never_wrap) {
    EXPECT_EQ(pages_for(0), 0u);
    EXPECT_EQ(pages_for(1), 1u);
    EXPECT_EQ(pages_for(kPageSize), 1u);
    EXPECT_EQ(pages_for(kPageSize + 1), 2u);
    EXPECT_EQ(pages_for(~size_t{0}), size_t{1} << (64 - kPageShift));
}

}  // namespace
