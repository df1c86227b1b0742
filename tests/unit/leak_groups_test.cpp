#include "debug/leak/leak_groups.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace kslab;

struct fake_object {
    object_record record{};
    place where{};
    fake_object(uint32_t stack, size_t bytes, const void* cache = nullptr) {
        record.allocated.stack = stack;
        record.requested = bytes;
        where.record = &record;
        where.cache = static_cast<const kmem_cache*>(cache);
    }
};

void add(leak_groups& to, uint32_t stack, size_t bytes, bool possible = false, leak_sum indirect = {},
         const void* cache = nullptr) {
    fake_object object(stack, bytes, cache);
    to.add(object.where, possible, indirect);
}

TEST(leak_groups, objects_of_one_stack_are_one_group) {
    leak_groups groups;
    ASSERT_TRUE(groups.open(10));
    add(groups, 7, 100);
    add(groups, 7, 20, false, {3, 30});
    add(groups, 8, 50);
    add(groups, 7, 1, true);
    groups.sort();
    ASSERT_EQ(groups.count(), 3u);
    EXPECT_EQ(groups[0].own.objects, 2u);
    EXPECT_EQ(groups[0].own.bytes, 120u);
    EXPECT_EQ(groups[0].indirect.objects, 3u);
    EXPECT_EQ(groups[0].indirect.bytes, 30u);
    EXPECT_EQ(groups[0].example.requested, 100u) << "the first object is the example";
    EXPECT_EQ(groups[1].own.bytes, 50u);
    EXPECT_TRUE(groups[2].possible) << "possible ones come last";
    groups.close();
}

TEST(leak_groups, without_stacks_caches_stand_for_them) {
    leak_groups groups;
    char caches[2];
    ASSERT_TRUE(groups.open(10));
    for (char& cache : caches) {
        add(groups, 0, 10, false, {}, &cache);
        add(groups, 0, 10, false, {}, &cache);
    }
    groups.sort();
    ASSERT_EQ(groups.count(), 2u);
    EXPECT_EQ(groups[0].own.objects, 2u);
    EXPECT_EQ(groups[1].own.objects, 2u);
    groups.close();
}

TEST(leak_groups, the_largest_sums_come_first) {
    leak_groups groups;
    constexpr size_t kStacks = 5000;
    ASSERT_TRUE(groups.open(kStacks));
    for (uint32_t i = 0; i < kStacks; i++) add(groups, i + 1, (i * 7919) % 4999, i % 3 == 0, {1, i % 11});
    groups.sort();
    ASSERT_EQ(groups.count(), kStacks);
    for (size_t i = 1; i < kStacks; i++) {
        const leak_group &a = groups[i - 1], &b = groups[i];
        ASSERT_LE(a.possible, b.possible);
        if (a.possible == b.possible) {
            ASSERT_GE(a.own.bytes + a.indirect.bytes, b.own.bytes + b.indirect.bytes);
        }
    }
    groups.close();
}

TEST(leak_groups, too_many_stacks_lose_no_object) {
    leak_groups groups;
    constexpr size_t kStacks = 200000;
    ASSERT_TRUE(groups.open(kStacks));
    for (uint32_t i = 0; i < kStacks; i++) add(groups, i + 1, 3);
    groups.sort();
    size_t objects = 0, bytes = 0;
    for (size_t i = 0; i < groups.count(); i++) {
        objects += groups[i].own.objects;
        bytes += groups[i].own.bytes;
    }
    EXPECT_EQ(objects, kStacks);
    EXPECT_EQ(bytes, kStacks * 3);
    groups.close();
}

}  // namespace
