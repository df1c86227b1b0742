// Recently freed runs: what is kept, for whom, and how it counts in the page allocator.
#include "kmalloc/run_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/large.h"
#include "kslab/kmalloc.h"
#include "pages/page_allocator.h"

namespace {

using namespace kslab;

class run_cache_test : public testing::Test {
protected:
    void SetUp() override {
        kfree(kmalloc(100, 0));
        run_cache_drain(true);
    }
    void TearDown() override { EXPECT_STREQ(validate_heap(), nullptr); }
};

TEST_F(run_cache_test, the_last_freed_run_serves_the_next_request_of_its_size) {
    for (size_t size : {9000, 20000, 100000, 131072}) {
        void* first = kmalloc(size, 0);
        void* second = kmalloc(size, 0);
        kfree(first);
        kfree(second);
        EXPECT_EQ(kmalloc(size - 100, 0), second);
        EXPECT_EQ(kmalloc(size, 0), first);
        kfree(first);
        kfree(second);
        run_cache_drain(true);  // there is room for so much only
    }
}

TEST_F(run_cache_test, what_waits_counts_as_dirty_and_not_as_used) {
    void* object = kmalloc(100000, 0);
    size_t count = large_pages(100000);
    page_stats before = all_pages.stats();
    kfree(object);
    page_stats after = all_pages.stats();
    EXPECT_EQ(after.used, before.used - count);
    EXPECT_EQ(after.dirty, before.dirty + count);
    EXPECT_EQ(after.used_runs, before.used_runs - 1);
    object = kmalloc(100000, 0);
    EXPECT_EQ(all_pages.stats().used, before.used);
    EXPECT_EQ(all_pages.stats().dirty, before.dirty);
    kfree(object);
}

TEST_F(run_cache_test, eight_of_a_size_are_kept) {
    std::vector<void*> objects;
    for (int i = 0; i < 12; i++) objects.push_back(kmalloc(20000, 0));
    for (void* object : objects) kfree(object);
    std::set<run*> kept;
    while (run* r = run_cache_take(large_pages(20000))) {
        EXPECT_TRUE(kept.insert(r).second);
        EXPECT_EQ(r->pages, large_pages(20000));
    }
    EXPECT_EQ(kept.size(), 8u);
    for (run* r : kept) all_pages.release(r);
}

// What had no room, and was wanted again, makes room for a page; what was not wanted does not.
TEST_F(run_cache_test, a_cache_begins_with_256_kib_and_grows_when_what_left_is_wanted) {
    auto free_all = [](unsigned runs) {
        std::vector<run*> each;
        for (unsigned i = 0; i < runs; i++) {
            each.push_back(all_pages.allocate({16}));
            each.back()->state = run_state::cached;
        }
        unsigned kept = 0;
        for (run* r : each)
            if (run_cache_give(r))
                kept++;
            else
                all_pages.release(r);
        return kept;
    };
    auto take_all = [] {
        while (run* r = run_cache_take(16)) all_pages.release(r);
    };
    for (int round = 0; round < 3; round++) {
        EXPECT_EQ(free_all(4), 4u);
        take_all();
    }
    EXPECT_EQ(free_all(7), 4u) << "64 pages";
    for (int round = 0; round < 17; round++) EXPECT_EQ(free_all(7), 0u) << "nobody wanted one";
    run_cache_drain(true);
    for (int round = 0; round < 17; round++) {
        free_all(7);
        take_all();
    }
    EXPECT_EQ(free_all(7), 5u) << "17 times a page more";
    run_cache_drain(true);
    EXPECT_EQ(free_all(7), 4u) << "nobody asked for a while";
    run_cache_drain(true);
}

TEST_F(run_cache_test, reaping_drains_what_nobody_asked_for) {
    kfree(kmalloc(50000, 0));
    run_cache_drain(false);  // touched by the request above: spared once
    run* r = run_cache_take(large_pages(50000));
    ASSERT_NE(r, nullptr);
    ASSERT_TRUE(run_cache_give(r));
    run_cache_drain(false);
    run_cache_drain(false);
    EXPECT_EQ(run_cache_take(large_pages(50000)), nullptr);
}

TEST_F(run_cache_test, bigger_runs_and_other_page_counts_are_not_kept) {
    for (size_t pages : {kCachedPages + 1, size_t{9}, size_t{1000}}) {
        run* r = all_pages.allocate({pages});
        EXPECT_FALSE(run_cache_give(r)) << pages;
        all_pages.release(r);
    }
    EXPECT_EQ(run_cache_take(kCachedPages + 1), nullptr);
}

TEST_F(run_cache_test, anyone_drains_what_threads_left) {
    std::vector<std::thread> threads;
    size_t used = all_pages.stats().used;
    for (int t = 0; t < 8; t++)
        threads.emplace_back([] {
            for (size_t size = 9000; size < 200000; size += 10000) kfree(kmalloc(size, 0));
        });
    for (std::thread& thread : threads) thread.join();
    run_cache_drain(true);
    all_pages.purge_all();
    EXPECT_EQ(all_pages.stats().used, used);
    EXPECT_EQ(all_pages.stats().dirty, 0u);
}

TEST_F(run_cache_test, zeroed_memory_from_a_waiting_run_is_cleared) {
    char* object = static_cast<char*>(kmalloc(60000, 0));
    std::fill(object, object + 60000, 'x');
    kfree(object);
    char* again = static_cast<char*>(kzalloc(60000, 0));
    EXPECT_EQ(again, object);
    EXPECT_EQ(std::count(again, again + 60000, 0), 60000);
    kfree(again);
}

}  // namespace
