// What the system says of pages.
#pragma once
#include <gtest/gtest.h>
#include <stdint.h>
#include <sys/mman.h>

#include <algorithm>
#include <vector>

#include "base/attributes.h"

namespace test {

// How many of the pages are in memory.
inline size_t resident(const void* start, size_t pages) {
    std::vector<unsigned char> states(pages);
    EXPECT_EQ(mincore(const_cast<void*>(start), pages * kslab::kPageSize, states.data()), 0);
    return static_cast<size_t>(std::count_if(states.begin(), states.end(), [](unsigned char state) { return (state & 1) != 0; }));
}

inline bool all_zero(const void* start, size_t bytes) {
    const auto* words = static_cast<const uint64_t*>(start);
    return std::all_of(words, words + bytes / sizeof *words, [](uint64_t word) { return word == 0; });
}

}  // namespace test
