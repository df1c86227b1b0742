// The page allocator by itself: nothing in this program brings the rest of kslab up.
#include "pages/page_allocator.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/clock.h"
#include "support/child.h"
#include "support/page_shadow.h"

namespace {

using namespace kslab;

page_allocator pages;
// Once, also when all cases run in one process.
void init_once() {
    static const bool done = (pages.init(0, 1000), true);
    static_cast<void>(done);
}
uint64_t now_ms = 1000000;
bool test_clock(uint64_t& milliseconds) {
    milliseconds = now_ms;
    return true;
}

constexpr size_t kMebibyte = (size_t{1} << 20) >> kPageShift;

class page_allocator_test : public testing::Test {
protected:
    void SetUp() override {
        clock_set_source(test_clock);
        init_once();
        pages.set_now(static_cast<uint32_t>(now_ms));
    }
    void expect_all_back() {
        pages.purge_all();
        page_stats stats = pages.stats();
        EXPECT_EQ(stats.used, 0u);
        EXPECT_EQ(stats.dirty, 0u);
        EXPECT_EQ(stats.mapped, stats.zero + stats.stuck);
        EXPECT_STREQ(pages.validate(), nullptr);
    }
};

TEST_F(page_allocator_test, what_an_aligned_run_leaves_serves_its_like) {
    constexpr size_t kAlign = 512;
    run* fence[2] = {};
    for (bool purged : {false, true}) {
        run* r = pages.allocate({.pages = 16, .align_pages = kAlign});
        ASSERT_NE(r, nullptr);
        fence[purged] = pages.allocate({.pages = 1});  // takes the smallest hole, behind or elsewhere
        uintptr_t start = r->start;
        pages.release(r);
        if (purged) pages.purge_all();
        size_t mapped = pages.stats().mapped;
        r = pages.allocate({.pages = 16, .align_pages = kAlign});
        ASSERT_NE(r, nullptr);
        EXPECT_EQ(r->start, start);
        EXPECT_EQ(pages.stats().mapped, mapped);
        pages.release(r);
    }
    for (run* r : fence) pages.release(r);
    expect_all_back();
}

TEST_F(page_allocator_test, a_run_has_the_pages_that_were_asked_for) {
    for (size_t count : {1, 2, 3, 64, 65, 1000}) {
        run* r = pages.allocate({count});
        ASSERT_NE(r, nullptr);
        EXPECT_EQ(r->pages, count);
        EXPECT_EQ(r->state, run_state::used);
        EXPECT_EQ(r->start % kPageSize, 0u);
        EXPECT_EQ(page_owner_of(r->memory()).run(), r);
        EXPECT_EQ(page_owner_of(reinterpret_cast<char*>(r->end()) - 1).run(), r);
        pages.release(r);
    }
    expect_all_back();
}

TEST_F(page_allocator_test, what_cannot_be_is_refused) {
    EXPECT_EQ(pages.allocate({0}), nullptr);
    EXPECT_EQ(pages.allocate({size_t{1} << 35}), nullptr);
    EXPECT_EQ(pages.allocate({size_t{1} << 52}), nullptr);
    EXPECT_EQ(pages.allocate({~size_t{0}}), nullptr);
    EXPECT_EQ(pages.allocate({1, size_t{1} << 35}), nullptr);
    EXPECT_STREQ(pages.validate(), nullptr);
}

TEST_F(page_allocator_test, alignment_from_a_page_to_64_mebibytes) {
    std::vector<run*> runs;
    for (size_t align = 1; align <= 64 * kMebibyte; align *= 2)
        for (size_t count : {size_t{1}, size_t{5}, align}) {
            run* r = pages.allocate({count, align});
            ASSERT_NE(r, nullptr);
            EXPECT_EQ(r->start % (align * kPageSize), 0u);
            EXPECT_EQ(r->pages, count);
            runs.push_back(r);
        }
    EXPECT_STREQ(pages.validate(), nullptr);
    for (run* r : runs) pages.release(r);
    expect_all_back();
}

TEST_F(page_allocator_test, neighbours_merge_in_any_order_of_release) {
    run* whole = pages.allocate({30});
    uintptr_t start = whole->start;
    pages.release(whole);
    int order[3] = {0, 1, 2};
    do {
        run* part[3];
        for (run*& r : part) r = pages.allocate({10});
        for (int i : order) pages.release(part[i]);
        EXPECT_STREQ(pages.validate(), nullptr);
        run* again = pages.allocate({30});
        EXPECT_EQ(again->start, start) << "the three parts did not become one";
        pages.release(again);
    } while (std::next_permutation(order, order + 3));
    expect_all_back();
}

TEST_F(page_allocator_test, purged_pages_read_as_zero_and_are_known_to) {
    run* r = pages.allocate({20});
    test::page_shadow shadow(pages);
    shadow.fill(r, 0, 5);
    pages.release(r);
    r = pages.allocate({20});
    EXPECT_EQ(r->content, run_content::dirty);
    shadow.fill(r, 0, 5);
    pages.release(r);
    EXPECT_GE(pages.purge_all(), 20u);
    r = pages.allocate({20});
    EXPECT_EQ(r->content, run_content::zero);
    shadow.expect_zero(r, 0);
    pages.release(r);
    expect_all_back();
}

TEST_F(page_allocator_test, pages_that_the_system_does_not_take_are_not_known_to_be_zero) {
    run* r = pages.allocate({4});
    test::page_shadow shadow(pages);
    shadow.fill(r, 0, 5);
    // Not mlock(): the sanitizers replace it by nothing.
    if (syscall(SYS_mlock, r->memory(), 4 * kPageSize) != 0) GTEST_SKIP() << "memory cannot be locked here";
    uintptr_t start = r->start;
    pages.release(r);
    EXPECT_EQ(pages.purge_all(), 0u);
    EXPECT_EQ(pages.stats().stuck, 4u);
    EXPECT_STREQ(pages.validate(), nullptr);
    r = pages.allocate({4});
    EXPECT_EQ(r->start, start);
    EXPECT_NE(r->content, run_content::zero);
    syscall(SYS_munlock, r->memory(), 4 * kPageSize);
    pages.release(r);
    expect_all_back();
}

TEST_F(page_allocator_test, decay_purges_what_nobody_used_for_so_long) {
    run* early = pages.allocate({10});
    run* between = pages.allocate({1});
    run* late = pages.allocate({10});
    pages.release(early);
    now_ms += 600;
    pages.set_now(static_cast<uint32_t>(now_ms));
    pages.release(late);
    pages.decay(static_cast<uint32_t>(now_ms + 399));
    EXPECT_EQ(pages.stats().dirty, 20u);
    pages.decay(static_cast<uint32_t>(now_ms + 400));
    EXPECT_EQ(pages.stats().dirty, 10u);
    pages.decay(static_cast<uint32_t>(now_ms + 1000));
    EXPECT_EQ(pages.stats().dirty, 0u);
    pages.release(between);
    expect_all_back();
}

TEST_F(page_allocator_test, the_limit_counts_what_is_in_use) {
    page_allocator limited;
    limited.init(100, 1000);
    run* first = limited.allocate({60});
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(limited.allocate({41}), nullptr);
    EXPECT_FALSE(limited.grow(first, 101));
    EXPECT_FALSE(limited.move(first, 101));
    run* second = limited.allocate({40});
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(limited.allocate({1}), nullptr);
    EXPECT_EQ(limited.stats().largest_used, 100u);
    limited.shrink(second, 30);
    EXPECT_NE(limited.allocate({10}), nullptr);
    EXPECT_STREQ(limited.validate(), nullptr);
}

TEST_F(page_allocator_test, beyond_the_limit_lies_a_reserve_of_a_sixteenth) {
    for (size_t limit : {100, 1600}) {
        page_allocator limited;
        limited.init(limit, 1000);
        size_t reserve = limit == 100 ? 16 : 100;
        run* all = limited.allocate({.pages = limit - 1});
        ASSERT_NE(all, nullptr);
        EXPECT_EQ(limited.allocate({.pages = 2}), nullptr) << limit;
        EXPECT_EQ(limited.allocate({.pages = reserve + 2, .reserve = true}), nullptr) << limit;
        run* urgent = limited.allocate({.pages = reserve + 1, .reserve = true});
        ASSERT_NE(urgent, nullptr) << limit;
        EXPECT_EQ(limited.allocate({.pages = 1, .reserve = true}), nullptr) << limit;
        EXPECT_FALSE(limited.grow(all, limit)) << "resizing has no part in it";
        // What lies in the reserve counts for those who may not use it, too.
        limited.shrink(urgent, 1);
        EXPECT_EQ(limited.allocate({.pages = 1}), nullptr) << limit;
        limited.release(urgent);
        run* last = limited.allocate({.pages = 1});
        EXPECT_NE(last, nullptr) << limit;
        limited.release(last);
        limited.release(all);
        EXPECT_STREQ(limited.validate(), nullptr);
        limited.purge_all();
        limited.release_address_space();
    }
}

TEST_F(page_allocator_test, purged_runs_leave_when_much_address_space_is_free) {
    run* r = pages.allocate({80 * kMebibyte});
    ASSERT_NE(r, nullptr);
    pages.release(r);
    expect_all_back();
    EXPECT_LE(pages.stats().mapped, 64 * kMebibyte);
}

// The bound is 16 MiB here, but for a size that was released, allocated and released again within a second.
TEST_F(page_allocator_test, a_program_that_cycles_a_big_buffer_keeps_it) {
    constexpr size_t kBig = 40 * kMebibyte;
    for (int round = 0; round < 5; round++) {
        now_ms += 300;
        run* r = pages.allocate({kBig});
        EXPECT_EQ(r->content, round < 1 ? run_content::zero : run_content::dirty) << round;
        pages.release(r);
        EXPECT_EQ(pages.stats().dirty >= kBig, round >= 1) << round;
    }
    now_ms += 1001;
    pages.release(pages.allocate({1}));
    pages.set_now(static_cast<uint32_t>(now_ms));
    pages.purge_excess();
    EXPECT_LE(pages.stats().dirty, 16 * kMebibyte) << "a second later it counts no more";
    expect_all_back();
}

// What was in use comes back soon; when most is gone for good, little is live and little waits.
TEST_F(page_allocator_test, a_program_that_cycles_big_buffers_keeps_what_it_had_in_use) {
    constexpr size_t kBig = 20 * kMebibyte;
    run* live[6];
    for (run*& r : live) r = pages.allocate({kBig});
    for (int round = 0; round < 2; round++) {
        now_ms += 100;
        pages.release(live[0]);
        live[0] = pages.allocate({kBig});
    }
    for (int i = 0; i < 3; i++) pages.release(live[i]);
    EXPECT_EQ(pages.stats().dirty, 3 * kBig) << "60 MiB are live: 45 may wait beside the 16 that always may";
    pages.release(live[3]);
    EXPECT_LE(pages.stats().dirty, 46 * kMebibyte) << "40 MiB are live";
    EXPECT_GE(pages.stats().dirty, 46 * kMebibyte / 8 * 7);
    for (int i = 4; i < 6; i++) pages.release(live[i]);
    EXPECT_LE(pages.stats().dirty, kBig) << "nothing is live";
    expect_all_back();
}

TEST_F(page_allocator_test, smaller_cycles_do_not_keep_a_big_size_hot) {
    for (int round = 0; round < 2; round++) pages.release(pages.allocate({40 * kMebibyte}));
    EXPECT_GE(pages.stats().dirty, 40 * kMebibyte);
    for (int round = 0; round < 6; round++) {
        now_ms += 300;
        pages.release(pages.allocate({2 * kMebibyte}));
    }
    EXPECT_LE(pages.stats().dirty, 16 * kMebibyte);
    expect_all_back();
}

// Runs that are too small to be hot by themselves: `mebibytes` of them come and go.
void come_and_go(page_allocator& from, size_t mebibytes, bool sparse = false) {
    std::vector<run*> runs(2 * mebibytes);
    for (run*& r : runs) r = from.allocate({.pages = kMebibyte / 2, .sparse = sparse});
    for (run* r : runs) from.release(r);
}

TEST_F(page_allocator_test, what_went_back_and_was_wanted_again_raises_the_bound) {
    come_and_go(pages, 32);
    EXPECT_LE(pages.stats().dirty, 16 * kMebibyte) << "nobody knows yet";
    now_ms += 100;
    pages.set_now(static_cast<uint32_t>(now_ms));
    come_and_go(pages, 32);
    EXPECT_GT(pages.stats().dirty, 24 * kMebibyte) << "half of it was given back for nothing";
    for (int round = 0; round < 20; round++) come_and_go(pages, 200);
    EXPECT_GT(pages.stats().dirty, 48 * kMebibyte);
    EXPECT_LE(pages.stats().dirty, 64 * kMebibyte) << "whatever it costs";
    // What was not used for a second was too much.
    now_ms += 1000;
    pages.decay(static_cast<uint32_t>(now_ms));
    now_ms += 1001;
    pages.set_now(static_cast<uint32_t>(now_ms));
    come_and_go(pages, 32);
    EXPECT_LE(pages.stats().dirty, 16 * kMebibyte);
    expect_all_back();
}

// Their pages are given back one by one in any case, and touched one by one.
TEST_F(page_allocator_test, sparse_runs_do_not_raise_the_bound) {
    for (int round = 0; round < 5; round++) {
        come_and_go(pages, 32, true);
        EXPECT_LE(pages.stats().dirty, 16 * kMebibyte) << round;
        now_ms += 100;
        pages.set_now(static_cast<uint32_t>(now_ms));
    }
    expect_all_back();
}

// What comes and goes all the time does not grow old.
TEST_F(page_allocator_test, a_raised_bound_lasts_ten_seconds) {
    for (int round = 0; round < 20; round++) come_and_go(pages, 200);
    EXPECT_GT(pages.stats().dirty, 48 * kMebibyte);
    for (int step = 0; step < 99; step++) {
        now_ms += 100;
        pages.decay(static_cast<uint32_t>(now_ms));
        come_and_go(pages, 40);
    }
    EXPECT_GT(pages.stats().dirty, 32 * kMebibyte);
    now_ms += 100;
    pages.decay(static_cast<uint32_t>(now_ms));
    EXPECT_LE(pages.stats().dirty, 16 * kMebibyte);
    expect_all_back();
}

TEST_F(page_allocator_test, what_is_wanted_again_after_a_second_does_not_raise_the_bound) {
    for (int round = 0; round < 5; round++) {
        come_and_go(pages, 32);
        EXPECT_LE(pages.stats().dirty, 16 * kMebibyte) << round;
        now_ms += 1001;
        pages.set_now(static_cast<uint32_t>(now_ms));
    }
    expect_all_back();
}

TEST_F(page_allocator_test, every_byte_is_covered_and_nothing_else) {
    run* r = pages.allocate({50});
    run* single = pages.allocate({1});
    run_state state;
    for (size_t byte = 0; byte < 50 * kPageSize; byte += 512) {
        ASSERT_TRUE(pages.covers(reinterpret_cast<char*>(r->start) + byte, state)) << byte;
        EXPECT_EQ(state, run_state::used);
    }
    pages.release(r);
    ASSERT_TRUE(pages.covers(reinterpret_cast<char*>(r->start) + 20 * kPageSize, state));
    EXPECT_EQ(state, run_state::free);
    int local;
    EXPECT_FALSE(pages.covers(&local, state));
    EXPECT_FALSE(pages.covers(nullptr, state));
    EXPECT_FALSE(pages.covers(reinterpret_cast<void*>(~uintptr_t{0}), state));
    pages.release(single);
    expect_all_back();
}

}  // namespace
