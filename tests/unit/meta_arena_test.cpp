#include "pages/meta_arena.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/random.h"

namespace {

using namespace kslab;

struct record {
    char* memory;
    size_t size;
    char fill;
};

void check_and_free(const record& r) {
    for (size_t i = 0; i < r.size; i++) ASSERT_EQ(r.memory[i], r.fill);
    metadata_free(r.memory, r.size);
}

// Records of all sizes, filled: one that overlaps another changes it.
void play(uint64_t seed, size_t steps) {
    test::random random(seed);
    std::vector<record> live;
    for (size_t i = 0; i < steps && !testing::Test::HasFatalFailure(); i++) {
        if (live.size() < 300 && !random.one_in(3)) {
            record r{nullptr, random.doubling(random.one_in(10) ? 100000 : 3000), static_cast<char>(seed * 50 + i)};
            r.memory = static_cast<char*>(metadata_allocate(r.size));
            ASSERT_NE(r.memory, nullptr);
            ASSERT_EQ(reinterpret_cast<uintptr_t>(r.memory) % 64, 0u);
            memset(r.memory, r.fill, r.size);
            live.push_back(r);
        } else if (!live.empty()) {
            std::swap(live[random.below(live.size())], live.back());
            check_and_free(live.back());
            live.pop_back();
        }
    }
    for (const record& r : live) check_and_free(r);
}

TEST(meta_arena, records_do_not_overlap) { play(1, 50000 / kSanitizerFactor); }

TEST(meta_arena, freed_records_are_used_again) {
    play(2, 20000 / kSanitizerFactor);
    size_t mapped = metadata_taken();
    for (int round = 0; round < 5; round++) play(2, 20000 / kSanitizerFactor);
    EXPECT_LE(metadata_taken(), mapped + (size_t{1} << 20));
}

bool metadata_owns(const void* at) {
    uintptr_t address = reinterpret_cast<uintptr_t>(at);
    bool first = metadata_in_library().contains(address);
    EXPECT_FALSE(first && in_metadata_mapping(address));
    return first || in_metadata_mapping(address);
}

TEST(meta_arena, owns_what_it_gave_and_nothing_else) {
    std::vector<record> records;
    for (size_t size : {64, 3000, 4096, 70000, 65536, 1 << 20, 3 << 20})
        records.push_back({static_cast<char*>(metadata_allocate(size)), size, 0});
    int local = 0;
    static int global;
    EXPECT_FALSE(metadata_owns(&local));
    EXPECT_FALSE(metadata_owns(&global));
    for (const record& r : records) {
        ASSERT_NE(r.memory, nullptr);
        EXPECT_TRUE(metadata_owns(r.memory));
        EXPECT_TRUE(metadata_owns(r.memory + r.size - 1));
        metadata_free(r.memory, r.size);
    }
}

TEST(meta_arena, threads_do_not_disturb_each_other) {
    std::vector<std::thread> threads;
    for (uint64_t t = 1; t <= 4; t++) threads.emplace_back(play, t, 20000 / kSanitizerFactor);
    for (std::thread& thread : threads) thread.join();
}

// The first mapping lies between two pages that nobody may touch.
TEST(meta_arena, no_overflow_runs_into_its_mappings) {
    constexpr size_t kBytes = size_t{128} << 10;  // more than there is in the library
    char* record = static_cast<char*>(metadata_allocate(kBytes));
    for (int direction : {-1, 1}) {
        test::outcome end = test::in_fork([=] {
            signal(SIGSEGV, [](int) { _exit(42); });
            volatile char* at = record;
            for (size_t steps = 0; steps < (size_t{4} << 20); steps += 64, at += direction * 64) *at = *at;
        });
        EXPECT_EQ(end.exit_code, 42);
    }
    metadata_free(record, kBytes);
}

}  // namespace
