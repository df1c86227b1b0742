// Address space below 2 GiB from the system.
#include "os/low_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <vector>

#include "os/memory.h"
#include "support/child.h"

namespace {

using namespace kslab;

constexpr size_t kMebibyte = size_t{1} << 20;

struct mapping {
    char* start;
    size_t bytes;
};

// Maps until nothing fits any more.
void map_all(size_t bytes, std::vector<mapping>& mappings) {
    while (void* low = os_map_low(bytes)) {
        ASSERT_LE(reinterpret_cast<uintptr_t>(low) + bytes, kLowEnd);
        mappings.push_back({static_cast<char*>(low), bytes});
        ASSERT_LT(mappings.size(), 100000u);
    }
}

enum way { the_system, hints, hints_of_an_old_kernel };

class low_memory : public testing::TestWithParam<way> {
protected:
    void SetUp() override { os_map_low_by_hints(GetParam() != the_system, GetParam() == hints_of_an_old_kernel); }
    void TearDown() override { os_map_low_by_hints(false); }
};
const char* const kNames[] = {"the_system", "hints", "hints_of_an_old_kernel"};
INSTANTIATE_TEST_SUITE_P(by, low_memory, testing::Values(the_system, hints, hints_of_an_old_kernel),
                         [](const auto& how) { return kNames[how.param]; });

TEST_P(low_memory, is_low_zero_and_writable) {
    for (size_t bytes : {kPageSize, 64 * kPageSize, 3 * kMebibyte + kPageSize, 100 * kMebibyte}) {
        char* low = static_cast<char*>(os_map_low(bytes));
        ASSERT_NE(low, nullptr) << bytes;
        EXPECT_LE(reinterpret_cast<uintptr_t>(low) + bytes, kLowEnd);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(low) % kPageSize, 0u);
        EXPECT_EQ(low[0], 0);
        EXPECT_EQ(low[bytes - 1], 0);
        low[0] = low[bytes - 1] = 1;
        EXPECT_TRUE(os_unmap(low, bytes));
    }
    EXPECT_EQ(os_map_low(0), nullptr);
    EXPECT_EQ(os_map_low(kLowEnd), nullptr);
    EXPECT_EQ(os_map_low(~size_t{0} - 8191), nullptr);
}

// No mapping replaces another; when there is no room, none is made elsewhere; and what goes back is found again.
TEST_P(low_memory, all_of_it_can_be_had_once) {
    std::vector<mapping> mappings;
    map_all(64 * kMebibyte, mappings);
    size_t large = mappings.size();
    EXPECT_GE(large, 10u) << "most of a GiB at least";
    for (size_t bytes : {8 * kMebibyte, 2 * kMebibyte}) map_all(bytes, mappings);
    EXPECT_EQ(os_map_low(64 * kMebibyte), nullptr);
    for (size_t i = 0; i < mappings.size(); i++) memcpy(mappings[i].start + mappings[i].bytes / 2, &i, sizeof i);
    for (size_t i = 0; i < mappings.size(); i++)
        EXPECT_EQ(memcmp(mappings[i].start + mappings[i].bytes / 2, &i, sizeof i), 0) << i;
    mapping back = mappings[large / 2];
    EXPECT_TRUE(os_unmap(back.start, back.bytes));
    void* again = os_map_low(back.bytes);
    EXPECT_NE(again, nullptr) << "the hole was not found";
    for (const mapping& m : mappings)
        if (m.start != back.start) os_unmap(m.start, m.bytes);
    if (again != nullptr) os_unmap(again, back.bytes);
}

TEST_P(low_memory, a_process_that_may_map_no_more_gets_null) {
    test::outcome end = test::in_fork([] {
        rlimit none{0, 0};
        if (setrlimit(RLIMIT_AS, &none) != 0) _exit(1);
        _exit(os_map_low(kMebibyte) == nullptr ? 0 : 2);
    });
    EXPECT_EQ(end.exit_code, 0);
}

}  // namespace
