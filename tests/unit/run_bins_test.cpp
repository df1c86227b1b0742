#include "pages/run_bins.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "support/random.h"

namespace {

using namespace kslab;

class run_bins_test : public testing::Test {
protected:
    run* make(size_t pages) {
        runs.push_back(std::make_unique<run>());
        runs.back()->pages = pages;
        return runs.back().get();
    }
    run_bins bins{};
    std::vector<std::unique_ptr<run>> runs;
};

TEST_F(run_bins_test, an_empty_one_has_nothing) {
    for (size_t pages : {size_t{1}, size_t{64}, size_t{65}, size_t{1} << 20, (size_t{1} << 35) - 1})
        EXPECT_EQ(bins.find(pages), nullptr);
}

TEST_F(run_bins_test, sizes_up_to_64_pages_fit_best) {
    for (size_t pages : {64, 3, 17, 9}) bins.add(make(pages));
    EXPECT_EQ(bins.find(1)->pages, 3u);
    EXPECT_EQ(bins.find(4)->pages, 9u);
    EXPECT_EQ(bins.find(10)->pages, 17u);
    EXPECT_EQ(bins.find(18)->pages, 64u);
    EXPECT_EQ(bins.find(65), nullptr);
}

TEST_F(run_bins_test, the_last_freed_of_a_size_comes_first) {
    run* first = make(5);
    run* second = make(5);
    bins.add(first);
    bins.add(second);
    EXPECT_EQ(bins.find(5), second);
    bins.remove(second);
    EXPECT_EQ(bins.find(5), first);
    bins.remove(first);
    EXPECT_EQ(bins.find(5), nullptr);
}

// Whatever is found fits; what is there is found; and up to 64 pages it is the smallest that fits. Above, at
// most an eighth of a doubling more than the smallest, unless the list is longer than what is looked through.
TEST_F(run_bins_test, random_runs_against_a_plain_list) {
    test::random random(8);
    std::vector<run*> in;
    for (int step = 0; step < 20000; step++) {
        if (in.size() < 40 && random.one_in(2)) {
            in.push_back(make(random.doubling(size_t{1} << 20)));
            bins.add(in.back());
        } else if (!in.empty() && random.one_in(2)) {
            size_t i = random.below(in.size());
            bins.remove(in[i]);
            in.erase(in.begin() + static_cast<long>(i));
        }
        size_t wanted = random.doubling(size_t{1} << 20);
        size_t best = 0;
        for (run* r : in)
            if (r->pages >= wanted && (best == 0 || r->pages < best)) best = r->pages;
        run* found = bins.find(wanted);
        if (best == 0) {
            ASSERT_EQ(found, nullptr) << wanted;
            continue;
        }
        ASSERT_NE(found, nullptr) << wanted;
        ASSERT_GE(found->pages, wanted);
        if (best <= 64) {
            ASSERT_EQ(found->pages, best);
        }
        ASSERT_LE(found->pages, best + next_power_of_two(best + 1) / 8) << wanted;
    }
}

TEST_F(run_bins_test, for_each_visits_all) {
    size_t sum = 0;
    for (size_t pages : {1, 64, 65, 100, 5000, 1 << 20}) bins.add(make(pages)), sum += pages;
    bins.for_each([&](const run* r) { sum -= r->pages; });
    EXPECT_EQ(sum, 0u);
}

}  // namespace
