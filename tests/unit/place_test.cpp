// Redzones and poison of one place: every byte counts, and only those bytes.
#include "check/place.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace kslab {
namespace {

struct made_place {
    std::vector<unsigned char> memory;
    object_record record{};
    place p{};

    made_place(size_t before, size_t requested, size_t behind) : memory(before + requested + behind) {
        record.offset = static_cast<uint32_t>(before);
        record.requested = requested;
        p.begin = reinterpret_cast<char*>(memory.data());
        p.bytes = memory.size();
        p.record = &record;
        p.flags = kDebugRedzone | kDebugPoison;
    }
};

TEST(place, find_other_finds_the_first_of_any_length_at_any_offset) {
    std::vector<unsigned char> bytes(200, 0xcc);
    for (size_t from = 0; from < 9; from++)
        for (size_t length = 0; length < 100; length++) {
            EXPECT_EQ(find_other(bytes.data() + from, length, 0xcc), nullptr);
            for (size_t wrong = 0; wrong < length; wrong++) {
                bytes[from + wrong] = 0xcd;
                EXPECT_EQ(find_other(bytes.data() + from, length, 0xcc), bytes.data() + from + wrong);
                bytes[from + wrong] = 0xcc;
            }
        }
}

TEST(place, each_byte_outside_the_object_is_redzone) {
    for (size_t requested : {0u, 1u, 15u, 16u, 40u, 100u}) {
        made_place m(16, requested, 24);
        fill_redzones(m.p, kRedzoneActive);
        std::memset(m.p.object(), 0, requested);
        EXPECT_FALSE(check_redzones(m.p, kRedzoneActive));
        for (size_t i = 0; i < m.memory.size(); i++) {
            bool inside = i >= 16 && i < 16 + requested;
            m.memory[i] ^= 1;
            damage d = check_redzones(m.p, kRedzoneActive);
            EXPECT_EQ(static_cast<bool>(d), !inside) << i;
            if (!inside) {
                EXPECT_EQ(d.first, m.memory.data() + i);
                EXPECT_EQ(d.last, m.memory.data() + i);
                EXPECT_EQ(d.region, i < 16 ? damage::where::left : damage::where::right);
                EXPECT_EQ(d.expected, kRedzoneActive);
                restore(m.p, d);
                EXPECT_FALSE(check_redzones(m.p, kRedzoneActive));
            } else {
                m.memory[i] ^= 1;
            }
        }
    }
}

TEST(place, damage_has_a_first_and_a_last_byte) {
    made_place m(16, 40, 24);
    fill_redzones(m.p, kRedzoneActive);
    std::memset(m.p.object() + 43, 0, 4);
    damage d = check_redzones(m.p, kRedzoneActive);
    EXPECT_EQ(reinterpret_cast<const char*>(d.first) - m.p.object_end(), 3);
    EXPECT_EQ(d.last - d.first, 3);
}

TEST(place, each_byte_of_the_poison_counts_and_the_last_is_the_end_mark) {
    for (size_t requested : {1u, 2u, 40u, 1000u}) {
        made_place m(16, requested, 24);
        fill_redzones(m.p, kRedzoneInactive);
        poison_free(m.p);
        EXPECT_EQ(m.memory[16 + requested - 1], kPoisonEnd);
        EXPECT_FALSE(check_poison(m.p));
        for (size_t i = 0; i < requested; i++) {
            unsigned char was = m.memory[16 + i];
            m.memory[16 + i] = 0;
            damage d = check_poison(m.p);
            ASSERT_TRUE(d) << i;
            EXPECT_EQ(d.first, m.memory.data() + 16 + i);
            EXPECT_EQ(d.expected, was);
            restore(m.p, d);
            EXPECT_FALSE(check_poison(m.p));
        }
        EXPECT_FALSE(check_redzones(m.p, kRedzoneInactive));
    }
}

TEST(place, flags_switch_each_check) {
    made_place m(16, 40, 24);
    m.p.flags = 0;
    fill_redzones(m.p, kRedzoneActive);
    poison_free(m.p);
    for (unsigned char byte : m.memory) EXPECT_EQ(byte, 0);
    EXPECT_FALSE(check_redzones(m.p, kRedzoneActive));
    EXPECT_FALSE(check_poison(m.p));
}

TEST(place, a_huge_left_redzone_counts_near_the_object_only) {
    made_place m(3 * kMostRedzone, 40, 24);
    fill_redzones(m.p, kRedzoneActive);
    EXPECT_EQ(m.memory[0], 0);
    EXPECT_EQ(m.memory[2 * kMostRedzone], kRedzoneActive);
    EXPECT_FALSE(check_redzones(m.p, kRedzoneActive));
}

}  // namespace
}  // namespace kslab
