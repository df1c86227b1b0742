// Runs below 2 GiB: where they lie, that they stay apart from the others, and that all that is done for the heap is
// done for them.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "debug/heap_locks.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/large.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/stats.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/low_memory.h"
#include "pages/page_allocator.h"
#include "support/child.h"

namespace {

using namespace kslab;

constexpr size_t kMebibyte = (size_t{1} << 20) >> kPageShift;

bool is_low(const run* r) { return r->low && r->end() <= kLowEnd; }

class low_pages_test : public testing::Test {
protected:
    void SetUp() override { boot(); }
    void TearDown() override {
        EXPECT_STREQ(validate_heap(), nullptr);
        low_pages.purge_all();
        EXPECT_EQ(low_pages.stats().used, 0u);
        EXPECT_EQ(low_pages.stats().dirty, 0u);
        low_pages.release_address_space();
        EXPECT_EQ(low_pages.stats().mapped, low_pages.stats().stuck);
        os_map_low_by_hints(false);
    }
};

CHILD_PROGRAM(never_asked) {
    kfree(kmalloc(100, 0));
    kfree(kmalloc(400000, 0));
    trim_everything();
    EXPECT_STREQ(validate_heap(), nullptr);
    EXPECT_FALSE(low_pages.begun());
    EXPECT_EQ(low_pages.stats().mapped, 0u);
    release_run(low_pages.allocate({1}));
    EXPECT_TRUE(low_pages.begun());
    EXPECT_GT(low_pages.stats().mapped, 0u);
}
TEST_F(low_pages_test, nothing_is_there_before_somebody_asks) { EXPECT_EQ(test::rerun("never_asked").exit_code, 0); }

TEST_F(low_pages_test, all_sizes_and_alignments_are_low) {
    for (bool hints : {false, true}) {
        os_map_low_by_hints(hints);
        std::vector<run*> runs;
        for (size_t align = 1; align <= 16 * kMebibyte; align *= 4)
            for (size_t pages : {size_t{1}, size_t{4}, size_t{16}, size_t{300}, 10 * kMebibyte}) {
                run* r = low_pages.allocate({.pages = pages, .align_pages = align});
                ASSERT_NE(r, nullptr) << pages << " aligned to " << align;
                EXPECT_TRUE(is_low(r)) << std::hex << r->start;
                EXPECT_EQ(r->start % (align * kPageSize), 0u);
                EXPECT_EQ(&allocator_of(r), &low_pages);
                memset(r->memory(), 0x5a, kPageSize);
                runs.push_back(r);
            }
        EXPECT_STREQ(validate_heap(), nullptr);
        for (run* r : runs) release_run(r);
        low_pages.purge_all();
        low_pages.release_address_space();
    }
    run* high = all_pages.allocate({1});
    EXPECT_FALSE(high->low);
    EXPECT_EQ(&allocator_of(high), &all_pages);
    release_run(high);
}

TEST_F(low_pages_test, when_low_memory_is_full_there_is_none_elsewhere) {
    std::vector<run*> runs;
    for (size_t pages : {64 * kMebibyte, 8 * kMebibyte, 2 * kMebibyte})
        while (run* r = low_pages.allocate({pages})) {
            ASSERT_TRUE(is_low(r)) << std::hex << r->start;
            runs.push_back(r);
        }
    EXPECT_GT(runs.size(), 10u);
    EXPECT_EQ(low_pages.allocate({64 * kMebibyte}), nullptr);
    EXPECT_EQ(large_allocate({.size = 64 << 20, .align = 16, .low = true}), nullptr);
    run* high = all_pages.allocate({64 * kMebibyte});
    EXPECT_NE(high, nullptr) << "the others are not concerned";
    if (high != nullptr) release_run(high);
    EXPECT_STREQ(validate_heap(), nullptr);
    release_run(runs[1]);
    runs[1] = low_pages.allocate({64 * kMebibyte});
    ASSERT_NE(runs[1], nullptr) << "what went back can be had again";
    for (run* r : runs) release_run(r);
}

// The system never places both side by side: one of two neighbours is made to look like the other allocator's.
TEST_F(low_pages_test, neighbours_of_different_allocators_never_merge) {
    run* whole = low_pages.allocate({30});
    uintptr_t start = whole->start;
    release_run(whole);
    for (bool front_first : {true, false}) {
        run* front = low_pages.allocate({10});
        run* stranger = low_pages.allocate({10});
        run* back = low_pages.allocate({10});
        ASSERT_EQ(front->start, start);
        ASSERT_EQ(stranger->start, front->end());
        ASSERT_EQ(back->start, stranger->end());
        stranger->low = false;
        low_pages.release(stranger);
        EXPECT_FALSE(grow_run(front, 15)) << "into another allocator's run";
        low_pages.release(front_first ? front : back);
        low_pages.release(front_first ? back : front);
        EXPECT_EQ(front->pages, 10u);
        EXPECT_EQ(stranger->pages, 10u);
        EXPECT_EQ(stranger->start, start + 10 * kPageSize);
        EXPECT_STREQ(low_pages.validate(), nullptr);
        stranger->low = true;
        EXPECT_STRNE(low_pages.validate(), nullptr) << "now they should have been merged";
        // Taken out and put back they are.
        run* again[3];
        for (run*& r : again) ASSERT_NE(r = low_pages.allocate({10}), nullptr);
        for (run* r : again) release_run(r);
        EXPECT_STREQ(low_pages.validate(), nullptr);
        whole = low_pages.allocate({30});
        EXPECT_EQ(whole->start, start);
        release_run(whole);
    }
}

TEST_F(low_pages_test, resizing_stays_in_place_and_never_moves) {
    release_run(low_pages.allocate({200}));
    run* r = low_pages.allocate({100});
    run* tail = low_pages.allocate({100});
    ASSERT_EQ(tail->start, r->end());
    release_run(tail);
    uintptr_t start = r->start;
    EXPECT_TRUE(grow_run(r, 150));
    shrink_run(r, 80);
    EXPECT_EQ(r->pages, 80u);
    EXPECT_FALSE(move_run(r, 1000));
    EXPECT_EQ(r->start, start);
    EXPECT_TRUE(is_low(r));
    EXPECT_EQ(page_owner_of(r->memory()).run(), r);
    release_run(r);
}

TEST_F(low_pages_test, large_objects_are_low_and_go_back_at_once) {
    constexpr size_t kSize = 400000;
    run* r = large_allocate({.size = kSize, .align = 16, .low = true});
    ASSERT_NE(r, nullptr);
    EXPECT_TRUE(is_low(r));
    void* object = r->memory();
    EXPECT_EQ(ksize(object), r->pages * kPageSize);
    EXPECT_EQ(resize_by_moving(object, page_owner_of(object), 10 * kSize), nullptr);
    kfree(object);
    EXPECT_EQ(low_pages.stats().used, 0u);
}

TEST_F(low_pages_test, krealloc_copies_what_cannot_move) {
    constexpr size_t kSize = size_t{1} << 20;
    run* r = large_allocate({.size = kSize, .align = 16, .low = true});
    ASSERT_NE(r, nullptr);
    char* object = static_cast<char*>(r->memory());
    for (size_t i = 0; i < kSize; i += 512) object[i] = static_cast<char>(i / 512);
    object = static_cast<char*>(krealloc(object, 64 * kSize, 0));
    ASSERT_NE(object, nullptr);
    for (size_t i = 0; i < kSize; i += 512) ASSERT_EQ(object[i], static_cast<char>(i / 512)) << i;
    kfree(object);
}

TEST_F(low_pages_test, a_cache_with_the_flag_has_low_slabs) {
    struct ::kmem_cache* cache = kmem_cache_create("low", 200, 0, SLAB_CACHE_DMA, nullptr);
    ASSERT_NE(cache, nullptr);
    std::vector<void*> objects;
    for (int i = 0; i < 3000; i++) {
        objects.push_back(kmem_cache_alloc(cache, GFP_DMA));
        ASSERT_LT(reinterpret_cast<uintptr_t>(objects.back()), kLowEnd);
    }
    heap_stats stats;
    heap_stats_read(stats);
    EXPECT_STREQ(validate_heap(), nullptr);
    EXPECT_GE(low_pages.stats().used, 3000 * 200 / kPageSize);
    for (void* object : objects) kmem_cache_free(cache, object);
    EXPECT_GT(trim_everything(), 0u);
    EXPECT_EQ(low_pages.stats().used, 0u);
    EXPECT_EQ(low_pages.stats().dirty, 0u) << "trimming left low pages dirty";
    kmem_cache_destroy(cache);
}

CHILD_PROGRAM(limited_to_100_pages) {
    all_pages.init(100, 1000);
    run* high = all_pages.allocate({60});
    ASSERT_NE(high, nullptr);
    EXPECT_EQ(low_pages.allocate({41}), nullptr);
    run* low = low_pages.allocate({40});
    ASSERT_NE(low, nullptr);
    EXPECT_EQ(all_pages.allocate({1}), nullptr);
    EXPECT_FALSE(grow_run(low, 41));
    run* urgent = low_pages.allocate({.pages = 10, .reserve = true});
    ASSERT_NE(urgent, nullptr);
    EXPECT_EQ(all_pages.allocate({.pages = 7, .reserve = true}), nullptr);
    run* also = all_pages.allocate({.pages = 6, .reserve = true});
    ASSERT_NE(also, nullptr);
    EXPECT_EQ(low_pages.allocate({.pages = 1, .reserve = true}), nullptr);
    for (run* r : {low, urgent, also}) release_run(r);
    EXPECT_NE(all_pages.allocate({40}), nullptr);
}
TEST_F(low_pages_test, the_limit_is_for_both_together) {
    EXPECT_EQ(test::rerun("limited_to_100_pages").exit_code, 0);
}

// The child of a fork finds the lock free and the lists whole, whatever other threads were doing.
TEST_F(low_pages_test, a_fork_in_the_middle_leaves_it_whole) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 3; t++)
        threads.emplace_back([&stop, t] {
            while (!stop) {
                run* r = low_pages.allocate({50 + 20 * t});
                memset(r->memory(), 1, kPageSize);
                release_run(r);
                if (t == 0) low_pages.purge_all();
                if (t == 1) low_pages.release_address_space();
            }
        });
    for (int i = 0; i < 60 / static_cast<int>(kSanitizerFactor); i++) {
        heap_locks_take();
        pid_t child = fork();
        if (child == 0) {
            heap_locks_reset();
            for_each_page_allocator([](page_allocator& pages) { pages.after_fork(); });
            run* r = low_pages.allocate({70});
            if (r == nullptr || !is_low(r)) _exit(1);
            release_run(r);
            low_pages.purge_all();
            _exit(low_pages.validate() == nullptr ? 0 : 2);
        }
        heap_locks_release();
        int status;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFEXITED(status)) << WTERMSIG(status);
        ASSERT_EQ(WEXITSTATUS(status), 0);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
