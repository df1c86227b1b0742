// The stack depot against a map: what was put comes back under its number, and equal stacks have one number.
#include "debug/stack/stack_depot.h"

#include <gtest/gtest.h>
#include <string.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/random.h"

namespace {

using namespace kslab;

using frames = std::vector<uintptr_t>;

stack_trace trace_of(const frames& from, stack_source source = stack_source::unwind_tables) {
    stack_trace stack;
    stack.count = static_cast<unsigned>(from.size());
    stack.source = source;
    memcpy(stack.frame, from.data(), from.size() * sizeof(uintptr_t));
    return stack;
}

frames frames_of(uint32_t id) {
    stack_view view = stack_depot_get(id);
    return frames(view.frame, view.frame + view.count);
}

// Few different values, so that stacks share prefixes and suffixes.
frames random_frames(test::random& random) {
    frames made(random.between(1, random.one_in(8) ? kMaxDepth : 6));
    for (uintptr_t& frame : made) frame = 0x400000 + random.below(5) * 16;
    return made;
}

TEST(stack_depot, empty_is_zero) {
    EXPECT_EQ(stack_depot_put(stack_trace{}), 0u);
    EXPECT_EQ(stack_depot_get(0).count, 0u);
    EXPECT_EQ(stack_depot_get(0).source, stack_source::none);
}

TEST(stack_depot, source_is_part_of_a_stack) {
    uint32_t tables = stack_depot_put(trace_of({1, 2, 3}));
    uint32_t pointers = stack_depot_put(trace_of({1, 2, 3}, stack_source::frame_pointers));
    EXPECT_NE(tables, pointers);
    EXPECT_EQ(stack_depot_get(tables).source, stack_source::unwind_tables);
    EXPECT_EQ(stack_depot_get(pointers).source, stack_source::frame_pointers);
}

TEST(stack_depot, prefixes_are_different_stacks) {
    std::set<uint32_t> ids;
    frames growing;
    for (uintptr_t i = 0; i < kMaxDepth; i++) {
        growing.push_back(i);
        ids.insert(stack_depot_put(trace_of(growing)));
    }
    EXPECT_EQ(ids.size(), kMaxDepth);
    EXPECT_EQ(ids.count(0), 0u);
}

TEST(stack_depot, random_against_a_map) {
    test::random random(test::number_from("KSLAB_TEST_SEED", 11));
    std::map<frames, uint32_t> model;
    size_t before = stack_depot_stats().stacks;
    for (unsigned i = 0; i < 200000 / kSanitizerFactor; i++) {
        frames some = random_frames(random);
        uint32_t id = stack_depot_put(trace_of(some));
        ASSERT_NE(id, 0u);
        auto [at, is_new] = model.emplace(some, id);
        ASSERT_EQ(at->second, id);
        if (is_new) {
            ASSERT_EQ(frames_of(id), some);
        }
    }
    EXPECT_EQ(stack_depot_stats().stacks - before, model.size());
    std::set<uint32_t> ids;
    for (const auto& [stack, id] : model) {
        EXPECT_TRUE(ids.insert(id).second);
        EXPECT_EQ(frames_of(id), stack);
    }
}

TEST(stack_depot, a_million_stacks) {
    constexpr uintptr_t kStacks = 1000000 / kSanitizerFactor;
    size_t before = stack_depot_stats().bytes;
    std::vector<uint32_t> ids;
    for (uintptr_t i = 0; i < kStacks; i++) ids.push_back(stack_depot_put(trace_of({i, i * 7, 42, i ^ 5, 1, 2, 3, 4})));
    for (uintptr_t i = 0; i < kStacks; i++) {
        ASSERT_NE(ids[i], 0u);
        stack_view view = stack_depot_get(ids[i]);
        ASSERT_EQ(view.frame[0], i);
        ASSERT_EQ(view.frame[7], 4u);
        ASSERT_EQ(stack_depot_put(trace_of({i, i * 7, 42, i ^ 5, 1, 2, 3, 4})), ids[i]);
    }
    // 80 bytes each, and the table.
    EXPECT_LT(stack_depot_stats().bytes - before, kStacks * 90 + (1 << 20));
}

TEST(stack_depot, few_stacks_take_little) {
    size_t before = stack_depot_stats().bytes;
    for (uintptr_t i = 0; i < 500; i++) stack_depot_put(trace_of({i, 77, 78, 79, 80, 81, 82, 83}));
    EXPECT_LE(stack_depot_stats().bytes - before, size_t{300} << 10);
}

// All threads put the same stacks in orders of their own; each stack has one number in the end.
TEST(stack_depot, threads) {
    constexpr unsigned kThreads = 4;
    constexpr unsigned kStacks = 40000 / kSanitizerFactor;
    std::vector<std::vector<uint32_t>> ids(kThreads, std::vector<uint32_t>(kStacks));
    std::vector<std::thread> threads;
    std::atomic<unsigned> wrong{0};
    for (unsigned t = 0; t < kThreads; t++)
        threads.emplace_back([&, t] {
            for (unsigned i = 0; i < kStacks; i++) {
                // Odd numbers are units modulo a power of two times ten: a different order for each thread.
                uintptr_t which = (i * (2 * t + 1) * 3u + t) % kStacks;
                frames mine{which, which / 3, 99};
                uint32_t id = stack_depot_put(trace_of(mine));
                if (id == 0 || frames_of(id) != mine) wrong++;
                if (ids[t][which] != 0 && ids[t][which] != id) wrong++;
                ids[t][which] = id;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0u);
    for (unsigned i = 0; i < kStacks; i++) {
        uint32_t id = 0;
        for (unsigned t = 0; t < kThreads; t++) {
            if (ids[t][i] == 0) continue;
            if (id == 0) id = ids[t][i];
            EXPECT_EQ(ids[t][i], id);
        }
    }
}

}  // namespace
