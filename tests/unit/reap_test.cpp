// Reaping with a clock of the test's own: the kernel's intervals and quotas (2 s for arrays, 4 s for nodes); and by slabs made.
#include <gtest/gtest.h>

#include <cstring>
#include <future>
#include <thread>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "pages/page_allocator.h"
#include "slab/slab.h"
#include "support/child.h"
#include "thread/slots.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

uint64_t now_ms = 1000000;
bool test_clock(uint64_t& milliseconds) {
    milliseconds = now_ms;
    return true;
}

unsigned global_reaps = 0;

// First in the file: it is about the start of a process.
TEST(first_look, only_sets_the_time_of_the_next) {
    clock_set_source(test_clock);
    boot();
    auto* usual = global_reap;
    global_reap = [](uint64_t) { global_reaps++; };
    kfree(kmalloc(16, 0));
    thread_look_at_clock(current_thread);
    EXPECT_EQ(global_reaps, 0u);
    now_ms += 99;
    thread_look_at_clock(current_thread);
    EXPECT_EQ(global_reaps, 0u);
    now_ms += 1;
    thread_look_at_clock(current_thread);
    EXPECT_EQ(global_reaps, 1u);
    global_reap = usual;
}

class reap : public testing::Test {
protected:
    void SetUp() override {
        clock_set_source(test_clock);
        now_ms += 100000;
        cache = reinterpret_cast<kslab::kmem_cache*>(kmem_cache_create("reaped", 64, 0, 0, nullptr));
        kfree(kmalloc(16, 0));
        drain_this_thread();
        pass(0);
        pass(100);  // the first look of a process only sets the time of the next
    }
    void TearDown() override { kmem_cache_destroy(reinterpret_cast<user_cache*>(cache)); }

    void* allocate() { return kmem_cache_alloc(reinterpret_cast<user_cache*>(cache), 0); }
    void release(void* object) { kmem_cache_free(reinterpret_cast<user_cache*>(cache), object); }
    array_cache* array() { return thread_vector_array(current_thread, cache); }

    // Time passes, and the thread looks at the clock.
    static void pass(uint64_t milliseconds) {
        now_ms += milliseconds;
        thread_look_at_clock(current_thread);
    }

    // The array at its largest, with `avail` objects in it, and nobody else around.
    void fill_array(unsigned avail) {
        std::vector<void*> objects;
        for (int i = 0; i < 2000; i++) objects.push_back(allocate());
        ASSERT_EQ(array()->limit, 120u);
        while (array()->avail > 0) objects.push_back(allocate());
        for (; objects.size() > avail; objects.pop_back()) kept.push_back(objects.back());
        for (void* object : objects) release(object);
        ASSERT_EQ(array()->avail, avail);
    }
    void release_kept() {
        for (void* object : kept) release(object);
        kept.clear();
        drain_this_thread();
    }

    std::vector<unsigned> idle_ticks(unsigned count) {
        std::vector<unsigned> avail;
        for (unsigned i = 0; i < count; i++) {
            pass(2000);
            avail.push_back(array()->avail);
        }
        return avail;
    }

    kslab::kmem_cache* cache;
    std::vector<void*> kept;
};

TEST_F(reap, a_full_array_is_spared_once_then_loses_a_fifth_of_the_limit_each_tick) {
    fill_array(120);
    EXPECT_EQ(array()->touched, 1);
    EXPECT_EQ(idle_ticks(7), (std::vector<unsigned>{120, 96, 72, 48, 24, 0, 0}));
    EXPECT_STREQ(validate_heap(), nullptr);
    release_kept();
}

TEST_F(reap, what_is_less_than_a_fifth_is_halved) {
    fill_array(50);
    EXPECT_EQ(idle_ticks(6), (std::vector<unsigned>{50, 26, 2, 1, 0, 0}));
    release_kept();
}

TEST_F(reap, an_idle_array_gives_its_budget_up) {
    fill_array(24);
    size_t reserved = current_thread->reserved;
    idle_ticks(2);
    EXPECT_EQ(array()->avail, 0u);
    EXPECT_EQ(array()->limit, 120u);
    idle_ticks(1);
    EXPECT_EQ(array()->limit, 0u);
    EXPECT_EQ(current_thread->reserved, reserved - 120 * 64);
    release_kept();
}

TEST_F(reap, nothing_leaves_before_two_seconds) {
    fill_array(100);
    pass(2000);
    pass(1999);
    EXPECT_EQ(array()->avail, 100u);
    pass(1);
    EXPECT_EQ(array()->avail, 76u);
    release_kept();
}

TEST_F(reap, a_refill_spares_the_array_again) {
    fill_array(100);
    pass(2000);
    std::vector<void*> objects;
    for (int i = 0; i < 101; i++) objects.push_back(allocate());
    for (void* object : objects) release(object);
    unsigned before = array()->avail;
    pass(2000);
    EXPECT_EQ(array()->avail, before);
    pass(2000);
    EXPECT_LT(array()->avail, before);
    release_kept();
}

// A size class that was filled and emptied; its array, the shared array and slabs hold something.
struct used_class {
    explicit used_class(size_t size) : cache(reinterpret_cast<kslab::kmem_cache*>(kmem_find_general_cachep(size, 0))) {
        std::vector<void*> objects;
        for (int i = 0; i < 4000; i++) objects.push_back(kmalloc(size, 0));
        for (; objects.size() > 100; objects.pop_back()) kfree(objects.back());
        while (array()->avail > 0) objects.push_back(kmalloc(size, 0));
        objects.push_back(kmalloc(size, 0));  // a refill: what is freed next goes to the shared array again
        for (void* object : objects) kfree(object);
    }
    array_cache* array() const { return array_at(current_thread, cache->slot); }
    size_t shared() const { return cache->node.shared.avail; }
    size_t slabs() const { return cache->node.num_slabs; }

    kslab::kmem_cache* cache;
};

// Fills another size class until the thread has looked for idle arrays; how many slabs it made before that.
uint32_t fill_until_the_look(std::vector<void*>& filled) {
    uint32_t before;
    do {
        before = current_thread->slabs_made;
        filled.push_back(kmalloc(4096, 0));
    } while (current_thread->slabs_made >= before && filled.size() < 10000);
    return before;
}

// No time passes. The first look clears the mark, at the second all that is idle leaves.
TEST_F(reap, who_makes_many_slabs_gives_up_what_it_does_not_refill) {
    used_class idle(64);
    used_class refilled(96);
    size_t theirs = cache->node.num_slabs;
    ASSERT_GT(idle.array()->avail, 0u);
    ASSERT_GT(idle.shared(), 0u);
    ASSERT_GT(idle.slabs(), 1u);
    current_thread->slabs_made = 0;
    std::vector<void*> filled;
    uint32_t made = fill_until_the_look(filled);
    EXPECT_GE(made, 128u);
    EXPECT_LT(made, 128u + 8);  // slow operations between two looks
    EXPECT_GT(idle.array()->avail, 0u);
    EXPECT_GT(idle.shared(), 0u);
    while (refilled.array()->touched == 0) filled.push_back(kmalloc(96, 0));
    fill_until_the_look(filled);
    EXPECT_EQ(idle.array()->avail, 0u);
    EXPECT_EQ(idle.shared(), 0u);
    EXPECT_EQ(idle.slabs(), 0u);
    EXPECT_GT(refilled.array()->avail, 0u);
    EXPECT_GT(idle.array()->limit, 0u);
    EXPECT_EQ(cache->node.num_slabs, theirs);
    EXPECT_STREQ(validate_heap(), nullptr);
    for (void* object : filled) kfree(object);
}

// Others may be using what this thread does not.
TEST_F(reap, beside_other_threads_nobody_gives_it_up) {
    used_class idle(64);
    unsigned held = idle.array()->avail;
    std::promise<void> end;
    std::thread other([&end] { end.get_future().wait(); });
    std::vector<void*> filled;
    while (current_thread->slabs_made < 400 && filled.size() < 10000) filled.push_back(kmalloc(4096, 0));
    EXPECT_GE(current_thread->slabs_made, 400u);
    EXPECT_EQ(idle.array()->avail, held);
    EXPECT_GT(idle.shared(), 0u);
    end.set_value();
    other.join();
    for (void* object : filled) kfree(object);
}

TEST_F(reap, a_cold_array_gets_a_small_refill) {
    fill_array(0);
    pass(2000);
    ASSERT_EQ(array()->touched, 0);
    ASSERT_EQ(array()->batchcount, 60);
    void* object = allocate();
    EXPECT_EQ(array()->avail, 15u) << "BATCHREFILL_LIMIT";
    while (array()->avail > 0) kept.push_back(allocate());
    kept.push_back(allocate());
    EXPECT_EQ(array()->avail, 59u);
    release(object);
    release_kept();
}

// slabs_free shrinks by the quota every four seconds, unless it was used meanwhile.
TEST_F(reap, free_slabs_leave_by_the_quota_every_four_seconds) {
    cache_node& node = cache->node;
    for (int i = 0; i < 60; i++) ASSERT_TRUE(cache_grow(cache, 0, GFP_KERNEL));
    node.free_touched = false;
    size_t quota = reap_quota(node.free_limit, 1024);
    ASSERT_EQ(node.free_limit, (1 + size_t{cache_settings.cpus}) * 60 + 1024);
    ASSERT_EQ(quota, 1u);
    reap_node(cache, cache->node, now_ms += 4000);
    EXPECT_EQ(node.num_slabs, 60 - quota);
    reap_node(cache, cache->node, now_ms += 3999);
    EXPECT_EQ(node.num_slabs, 60 - quota);
    reap_node(cache, cache->node, now_ms += 1);
    EXPECT_EQ(node.num_slabs, 60 - 2 * quota);
    node.free_touched = true;
    reap_node(cache, cache->node, now_ms += 4000);
    EXPECT_EQ(node.num_slabs, 60 - 2 * quota) << "slabs_free was in use";
    reap_node(cache, cache->node, now_ms += 4000);
    EXPECT_EQ(node.num_slabs, 60 - 3 * quota);
    EXPECT_EQ(node.reaped, 3 * quota);
}

TEST_F(reap, the_shared_array_is_drained) {
    std::vector<void*> objects;
    for (int i = 0; i < 1000; i++) objects.push_back(allocate());
    for (int i = 0; i < 300; i++) {
        release(objects.back());
        objects.pop_back();
    }
    ASSERT_GT(cache->node.shared.avail, 0u);
    reap_node(cache, cache->node, now_ms += 4000);
    EXPECT_EQ(cache->node.shared.avail, 0u);
    EXPECT_STREQ(validate_heap(), nullptr);
    kept = objects;
    release_kept();
}

// HZ + 3·cpu, then 2·HZ; a thread that has looked at the clock has the next number.
TEST_F(reap, the_first_time_is_after_a_second_and_three_jiffies_for_each_thread_before) {
    std::vector<uint64_t> first;
    for (int i = 0; i < 4; i++)
        std::thread([&] {
            thread_cache* thread = attached_thread();
            uint64_t began = now_ms;
            thread_look_at_clock(thread);
            first.push_back(thread->next_reap - began);
            std::vector<void*> objects;
            for (int k = 0; k < 300; k++) objects.push_back(allocate());
            for (int k = 0; k < 10; k++) release(objects.back()), objects.pop_back();
            array()->touched = 0;
            unsigned avail = array()->avail;
            ASSERT_GT(avail, 0u);
            pass(first.back() - 1);
            EXPECT_EQ(array()->avail, avail);
            pass(1);
            EXPECT_LT(array()->avail, avail);
            EXPECT_EQ(thread->next_reap, now_ms + 2000);
            for (void* object : objects) release(object);
        }).join();
    for (size_t i = 0; i < 4; i++) EXPECT_EQ(first[i], first[0] + 3 * i);
    EXPECT_EQ((first[0] - 1000) % 3, 0u);
    EXPECT_LT(first[0], 1000u + 3 * 256);
}

TEST_F(reap, the_first_look_at_a_node_comes_by_the_caches_address) {
    auto* late = reinterpret_cast<kslab::kmem_cache*>(kmem_cache_create("late", 64, 0, SLAB_NO_MERGE, nullptr));
    cache_node& node = late->node;
    for (int i = 0; i < 10; i++) ASSERT_TRUE(cache_grow(late, 0, GFP_KERNEL));
    uint64_t jitter = reinterpret_cast<uintptr_t>(late) % 4000;
    reap_node(late, node, now_ms);
    if (jitter > 0) {
        EXPECT_EQ(node.reaped, 0u);
        reap_node(late, node, now_ms + jitter - 1);
        EXPECT_EQ(node.reaped, 0u);
    }
    reap_node(late, node, now_ms + jitter);
    EXPECT_EQ(node.reaped, 1u);
    EXPECT_EQ(node.next_reap, now_ms + jitter + 4000);
    kmem_cache_destroy(reinterpret_cast<user_cache*>(late));
}

// The quota of a cache with few objects a slab: more than one.
TEST_F(reap, the_quota_goes_by_free_limit_and_objects_of_a_slab) {
    auto* large = reinterpret_cast<kslab::kmem_cache*>(kmem_cache_create("large", 4096, 0, SLAB_NO_MERGE, nullptr));
    cache_node& node = large->node;
    for (int i = 0; i < 30; i++) ASSERT_TRUE(cache_grow(large, 0, GFP_KERNEL));
    node.free_touched = false;
    node.free_limit = 1001;
    size_t num = cache_layout(large, 2).num;
    ASSERT_EQ(num, 16u);
    size_t quota = (1001 + 5 * num - 1) / (5 * num);
    ASSERT_EQ(quota, 13u);
    node.next_reap = now_ms;  // past the jitter
    reap_node(large, node, now_ms);
    EXPECT_EQ(node.num_slabs, 30 - quota);
    reap_node(large, node, now_ms += 4000);
    EXPECT_EQ(node.num_slabs, 30 - 2 * quota);
    reap_node(large, node, now_ms += 4000);
    EXPECT_EQ(node.num_slabs, 0u) << "no more than there are";
    kmem_cache_destroy(reinterpret_cast<user_cache*>(large));
}

// Whole free pages of slabs go back while a heap shrinks. One that grows again soon after makes the next look come later,
// until it has been quiet for a while.
TEST_F(reap, a_heap_that_goes_up_and_down_keeps_its_pages) {
    cache_node& node = cache->at(0);
    constexpr size_t kObjects = (size_t{24} << 20) / 64;
    std::vector<void*> live;
    auto grow = [&] {
        while (live.size() < kObjects) live.push_back(allocate());
    };
    // Every 512th stays: of each slab most pages are free, but no slab is.
    auto drop = [&] {
        std::vector<void*> kept_ones;
        for (size_t i = 0; i < live.size(); i++) {
            if (i % 512 == 0)
                kept_ones.push_back(live[i]);
            else
                release(live[i]);
        }
        live.swap(kept_ones);
    };
    grow();
    drop();
    EXPECT_GT(node.pages_went, 0u) << "pages went back";
    EXPECT_EQ(node.patience, 0u);
    for (unsigned i = 0; i < 6; i++) {
        grow();
        drop();
    }
    EXPECT_GT(node.patience, 2u);
    grow();
    node.pages_went = 0;
    drop();
    EXPECT_EQ(node.pages_went, 0u) << "pages went back all the same";
    for (unsigned i = 0; i < 20 && node.patience != 0; i++) pass(4000);
    EXPECT_EQ(node.patience, 0u);
    for (void* object : live) release(object);
    drain_this_thread();
}

// With nobody allocating, all that is left after some time are the objects in use.
TEST_F(reap, time_alone_brings_everything_back) {
    std::vector<void*> objects;
    for (int i = 0; i < 20000; i++) objects.push_back(allocate());
    for (void* object : objects) release(object);
    void* large = kmalloc(400000, 0);
    kfree(large);
    for (int i = 0; i < 60; i++) pass(2000);
    EXPECT_EQ(cache->node.num_slabs, 0u);
    EXPECT_EQ(all_pages.stats().dirty, 0u);
    EXPECT_STREQ(validate_heap(), nullptr);
}

}  // namespace
