// Groups: what belongs to them is counted to the byte, whoever frees it, and a limit is its group's alone.
#include "kslab/group.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/shrinker.h"
#include "support/child.h"
#include "thread/thread.h"

namespace {

using kslab::group_guard;

struct kslab_group_stats stat_of(int group) {
    struct kslab_group_stats stats = {};
    EXPECT_EQ(kslab_group_stat(group, &stats), 0);
    return stats;
}
size_t bytes_of(int group) { return stat_of(group).bytes; }
size_t objects_of(int group) { return stat_of(group).objects; }

int create(const char* name, size_t limit = 0) {
    int made = kslab_group_create(name, limit);
    EXPECT_GT(made, 0) << name;
    return made;
}

// ---- What is counted

TEST(groups, count_the_bytes_that_objects_occupy) {
    int group = create("counted");
    size_t expected = 0, objects = 0;
    std::vector<void*> all;
    for (size_t size : {1, 8, 9, 16, 100, 1000, 8192, 8193, 50000, 1000000}) {
        group_guard in(group);
        ASSERT_TRUE(in.entered());
        all.push_back(kmalloc(size, GFP_KERNEL));
        expected += ksize(all.back());
        EXPECT_EQ(bytes_of(group), expected) << size;
        EXPECT_EQ(objects_of(group), ++objects);
    }
    all.push_back(kmalloc(100, GFP_KERNEL));  // in none
    EXPECT_EQ(bytes_of(group), expected);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    for (void* object : all) kfree(object);
    EXPECT_EQ(bytes_of(group), 0u);
    EXPECT_EQ(objects_of(group), 0u);
    EXPECT_EQ(stat_of(group).peak, expected);
    EXPECT_EQ(kslab_group_destroy(group), 0);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
}

TEST(groups, realloc_keeps_the_group_of_what_stays_and_charges_growth) {
    int first = create("first"), second = create("second");
    kslab_group_enter(first);
    void* object = kmalloc(300000, GFP_KERNEL);
    kslab_group_enter(second);
    for (size_t size : {600000, 2000000, 9000000}) {
        object = krealloc(object, size, GFP_KERNEL);
        ASSERT_NE(object, nullptr);
        // Grown in place, moved with its pages, or copied: it is in one of the two.
        EXPECT_EQ(bytes_of(first) + bytes_of(second), ksize(object)) << size;
        EXPECT_EQ(objects_of(first) + objects_of(second), 1u);
    }
    kslab_group_leave(0);
    kfree(object);
    EXPECT_EQ(bytes_of(first) + bytes_of(second), 0u);
    EXPECT_EQ(kslab_group_destroy(first), 0);
    EXPECT_EQ(kslab_group_destroy(second), 0);
}

TEST(groups, users_caches_count_with_slab_account_only) {
    int group = create("caches");
    auto* with = kmem_cache_create("groups-with", 40, 0, SLAB_ACCOUNT, nullptr);
    auto* without = kmem_cache_create("groups-without", 40, 0, 0, nullptr);
    kslab_group_enter(group);
    void* counted = kmem_cache_alloc(with, GFP_KERNEL);
    void* free_of_charge = kmem_cache_alloc(without, GFP_KERNEL | __GFP_ACCOUNT);
    kslab_group_leave(0);
    EXPECT_EQ(objects_of(group), 1u);
    EXPECT_EQ(bytes_of(group), 40u);
    EXPECT_EQ(kmem_ptr_validate(with, counted), 1);
    EXPECT_EQ(kmem_ptr_validate(without, counted), 0);
    kmem_cache_free(with, counted);
    kmem_cache_free(without, free_of_charge);
    EXPECT_EQ(objects_of(group), 0u);
    kmem_cache_destroy(with);
    kmem_cache_destroy(without);
    EXPECT_EQ(kslab_group_destroy(group), 0);
}

// ---- Random traces against shadow counts

constexpr int kTraceGroups = 5;

struct object {
    void* pointer;
    int group;  // index; kTraceGroups: none
    size_t bytes;
    struct kmem_cache* cache;
};

struct trace_world {
    int group[kTraceGroups];
    struct kmem_cache* cache;
    std::atomic<size_t> bytes[kTraceGroups]{}, objects[kTraceGroups]{};
    std::mutex lock;
    std::vector<object> pool;

    trace_world() {
        for (int& g : group) g = create("trace");
        cache = kmem_cache_create("groups-trace", 72, 0, SLAB_ACCOUNT | SLAB_HWCACHE_ALIGN, nullptr);
    }
    ~trace_world() {
        kmem_cache_destroy(cache);
        for (int g : group) EXPECT_EQ(kslab_group_destroy(g), 0);
    }
    void compare() const {
        for (int i = 0; i < kTraceGroups; i++) {
            ASSERT_EQ(bytes_of(group[i]), bytes[i]);
            ASSERT_EQ(objects_of(group[i]), objects[i]);
        }
    }
};

size_t random_size(std::mt19937& random) {
    switch (random() % 8) {
        case 0: return random() % 100000 + 1;
        case 1: return random() % 8192 + 1;
        default: return random() % 512 + 1;
    }
}

void allocate(trace_world& world, std::mt19937& random, int in) {
    object made{nullptr, in, 0, random() % 4 == 0 ? world.cache : nullptr};
    made.pointer = made.cache != nullptr ? kmem_cache_alloc(made.cache, GFP_KERNEL) : kmalloc(random_size(random), GFP_KERNEL);
    ASSERT_NE(made.pointer, nullptr);
    made.bytes = made.cache != nullptr ? 128 : ksize(made.pointer);
    memset(made.pointer, 0x5a, 8);
    if (in < kTraceGroups) world.bytes[in] += made.bytes, world.objects[in]++;
    std::scoped_lock lock(world.lock);
    world.pool.push_back(made);
}

void release(trace_world& world, std::mt19937& random) {
    object gone;
    {
        std::scoped_lock lock(world.lock);
        if (world.pool.empty()) return;
        std::swap(world.pool[random() % world.pool.size()], world.pool.back());
        gone = world.pool.back();
        world.pool.pop_back();
    }
    if (gone.group < kTraceGroups) world.bytes[gone.group] -= gone.bytes, world.objects[gone.group]--;
    if (gone.cache != nullptr)
        kmem_cache_free(gone.cache, gone.pointer);
    else
        kfree(gone.pointer);
}

void step(trace_world& world, std::mt19937& random) {
    int in = static_cast<int>(random() % (kTraceGroups + 1));
    kslab_group_enter(in < kTraceGroups ? world.group[in] : 0);
    if (random() % 100 < (world.pool.size() < 2000 ? 60u : 40u))
        allocate(world, random, in);
    else
        release(world, random);
    kslab_group_leave(0);
}

TEST(groups, random_trace_of_one_thread_agrees_at_every_step) {
    trace_world world;
    std::mt19937 random(7);
    for (unsigned i = 0; i < 20000; i++) {
        step(world, random);
        world.compare();
        if (HasFatalFailure()) return;
        if (i % 2000 == 0) {
            ASSERT_EQ(kslab::validate_heap(), nullptr) << i;
        }
    }
    while (!world.pool.empty()) release(world, random);
    world.compare();
    EXPECT_EQ(kslab::validate_heap(), nullptr);
}

TEST(groups, random_traces_of_threads_that_free_each_others_objects_sum_up) {
    trace_world world;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; t++)
        threads.emplace_back([&world, t] {
            std::mt19937 random(t);
            for (unsigned i = 0; i < 10000; i++) {
                std::unique_lock lock(world.lock);
                size_t waiting = world.pool.size();
                lock.unlock();
                int in = static_cast<int>(random() % (kTraceGroups + 1));
                group_guard inside(in < kTraceGroups ? world.group[in] : 0);
                if (random() % 100 < (waiting < 2000 ? 60u : 40u))
                    allocate(world, random, in);
                else
                    release(world, random);
            }
        });
    for (auto& t : threads) t.join();
    world.compare();
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    std::mt19937 random(1);
    while (!world.pool.empty()) release(world, random);
    world.compare();
}

// ---- Limits

TEST(groups, a_limit_makes_only_its_group_fail) {
    int tight = create("tight", 10000), wide = create("wide");
    std::vector<void*> all;
    kslab_group_enter(tight);
    while (void* object = kmalloc(256, GFP_NOWAIT)) all.push_back(object);
    EXPECT_EQ(all.size(), 10000u / 256);
    EXPECT_EQ(kmalloc(20000, GFP_KERNEL), nullptr);
    EXPECT_EQ(stat_of(tight).failures, 2u);
    EXPECT_LE(stat_of(tight).peak, 10000u);
    kslab_group_enter(wide);
    all.push_back(kmalloc(256, GFP_NOWAIT));
    EXPECT_NE(all.back(), nullptr);
    kslab_group_leave(0);
    all.push_back(kmalloc(20000, GFP_KERNEL));
    EXPECT_NE(all.back(), nullptr);
    EXPECT_EQ(stat_of(wide).failures, 0u);

    group_guard in(tight);
    kfree(all.front());
    void* again = kmalloc(256, GFP_NOWAIT);
    EXPECT_NE(again, nullptr);
    EXPECT_EQ(kmalloc(256, GFP_NOWAIT), nullptr);
    EXPECT_EQ(kslab_group_limit(tight, 0), 0);
    void* without_limit = kmalloc(20000, GFP_NOWAIT);
    EXPECT_NE(without_limit, nullptr);
    for (size_t i = 1; i < all.size(); i++) kfree(all[i]);
    kfree(again);
    kfree(without_limit);
    EXPECT_EQ(bytes_of(tight) + bytes_of(wide), 0u);
}

TEST(groups, threads_together_never_exceed_a_limit) {
    constexpr size_t kLimit = 64 * 1000;
    int group = create("together", kLimit);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; t++)
        threads.emplace_back([group] {
            group_guard in(group);
            std::vector<void*> mine;
            for (unsigned i = 0; i < 20000; i++) {
                if (void* object = kmalloc(64, GFP_NOWAIT))
                    mine.push_back(object);
                else if (!mine.empty())
                    kfree(mine.back()), mine.pop_back();
            }
            for (void* object : mine) kfree(object);
        });
    for (auto& t : threads) t.join();
    EXPECT_EQ(stat_of(group).peak, kLimit);
    EXPECT_EQ(bytes_of(group), 0u);
}

TEST(groups, nofail_passes_over_the_limit_and_is_counted) {
    int group = create("nofail", 100);
    group_guard in(group);
    void* object = kmalloc(1000, GFP_KERNEL | __GFP_NOFAIL);
    void* large = kmalloc(100000, GFP_KERNEL | __GFP_NOFAIL);
    ASSERT_NE(object, nullptr);
    ASSERT_NE(large, nullptr);
    EXPECT_EQ(bytes_of(group), ksize(object) + ksize(large));
    EXPECT_EQ(stat_of(group).failures, 0u);
    kfree(object);
    kfree(large);
}

std::vector<void*> spare;
unsigned long count_spare(struct shrinker*, struct shrink_control*) { return spare.size(); }
unsigned long scan_spare(struct shrinker*, struct shrink_control* control) {
    unsigned long freed = 0;
    for (; freed < control->nr_to_scan && !spare.empty(); freed++, spare.pop_back()) kfree(spare.back());
    return freed;
}

TEST(groups, shrinkers_make_room_where_the_flags_let_them) {
    struct shrinker shrinker = {};
    shrinker.count_objects = count_spare;
    shrinker.scan_objects = scan_spare;
    ASSERT_EQ(register_shrinker(&shrinker), 0);
    int group = create("shrinks", 1000);
    group_guard in(group);
    while (void* object = kmalloc(96, GFP_NOWAIT)) spare.push_back(object);
    size_t had = spare.size();
    EXPECT_EQ(kmalloc(96, GFP_NOWAIT), nullptr);
    EXPECT_EQ(kmalloc(96, GFP_KERNEL | __GFP_NORETRY), nullptr);
    EXPECT_EQ(spare.size(), had);
    void* object = kmalloc(96, GFP_KERNEL);
    EXPECT_NE(object, nullptr);
    EXPECT_LT(spare.size(), had);
    kfree(object);
    unregister_shrinker(&shrinker);
    while (!spare.empty()) kfree(spare.back()), spare.pop_back();
}

TEST(groups, realloc_beyond_the_limit_leaves_the_object) {
    int group = create("realloc", 1000000);
    group_guard in(group);
    char* object = static_cast<char*>(kmalloc(600000, GFP_KERNEL));
    object[599999] = 'x';
    EXPECT_EQ(krealloc(object, 2000000, GFP_KERNEL), nullptr);
    EXPECT_EQ(object[599999], 'x');
    EXPECT_EQ(bytes_of(group), ksize(object));
    kfree(object);
    EXPECT_EQ(bytes_of(group), 0u);
}

// ---- Threads in groups

TEST(groups, nest_and_say_where_the_thread_is) {
    int outer = create("outer"), inner = create("inner");
    EXPECT_EQ(kslab_group_current(), 0);
    {
        group_guard first(outer);
        EXPECT_EQ(kslab_group_current(), outer);
        {
            group_guard second(inner);
            EXPECT_EQ(kslab_group_current(), inner);
            group_guard none(0);
            EXPECT_EQ(kslab_group_current(), 0);
        }
        EXPECT_EQ(kslab_group_current(), outer);
        errno = 0;
        EXPECT_EQ(kslab_group_enter(1023), -1);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(kslab_group_enter(-5), -1);
        EXPECT_EQ(kslab_group_current(), outer);
    }
    EXPECT_EQ(kslab_group_current(), 0);
    EXPECT_EQ(kslab_group_enter(outer), 0);
    EXPECT_EQ(kslab_group_destroy(inner), 0);
    kslab_group_leave(inner);
    EXPECT_EQ(kslab_group_current(), 0);
    EXPECT_EQ(kslab::current_thread, kslab::this_thread());
    EXPECT_EQ(kslab_group_destroy(outer), 0);
}

TEST(groups, a_thread_out_of_groups_uses_its_own_arrays_again) {
    int group = create("arrays");
    kfree(kmalloc(64, GFP_KERNEL));
    kslab::thread_cache* own = kslab::current_thread;
    const kslab::array_cache* ac = kslab::array_at(own, kslab::malloc_slots[4]);
    unsigned before = ac->avail;
    for (unsigned i = 0; i < 10000; i++) {
        group_guard in(group);
        ASSERT_NE(kslab::current_thread, own);
        kfree(kmalloc(64, GFP_KERNEL));
    }
    EXPECT_EQ(kslab::current_thread, own);
    EXPECT_EQ(ac->avail, before);
    // What was allocated outside comes back to the thread's array, also while it is in a group.
    void* object = kmalloc(64, GFP_KERNEL);
    kslab_group_enter(group);
    kfree(object);
    kslab_group_leave(0);
    EXPECT_EQ(ac->avail, before);
    EXPECT_EQ(ac->entry[before - 1], object);
    EXPECT_EQ(kslab_group_destroy(group), 0);
}

TEST(groups, threads_end_in_groups) {
    int group = create("ends");
    std::atomic<void*> left{nullptr};
    for (unsigned round = 0; round < 50; round++) {
        std::thread([&] {
            kslab_group_enter(group);
            kfree(left.exchange(kmalloc(100, GFP_KERNEL)));
            kfree(kmalloc(10000, GFP_KERNEL));
        }).join();
        ASSERT_EQ(objects_of(group), 1u);
    }
    EXPECT_EQ(kslab_group_destroy(group), -1);
    kfree(left);
    EXPECT_EQ(kslab_group_destroy(group), 0);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
}

TEST(groups, a_child_of_a_fork_is_in_the_group_of_the_thread_that_forked) {
    int group = create("forks"), other = create("others");
    std::barrier<> in_place(2), done(2);
    std::thread elsewhere([&] {
        group_guard in(other);
        void* object = kmalloc(64, GFP_KERNEL);
        in_place.arrive_and_wait();
        done.arrive_and_wait();
        kfree(object);
    });
    in_place.arrive_and_wait();
    kslab_group_enter(group);
    void* object = kmalloc(64, GFP_KERNEL);
    auto result = test::in_fork([&] {
        EXPECT_EQ(kslab_group_current(), group);
        void* more = kmalloc(64, GFP_KERNEL);
        EXPECT_EQ(objects_of(group), 2u);
        kfree(more);
        kfree(object);
        kslab_group_leave(0);
        EXPECT_EQ(kslab_group_destroy(group), 0);
        // A new thread may take over what the other one left behind; it is in no group.
#ifndef KSLAB_TEST_SANITIZED  // the thread sanitizer allows no threads here
        std::thread([] {
            EXPECT_EQ(kslab_group_current(), 0);
            kfree(kmalloc(64, GFP_KERNEL));
        }).join();
#endif
        EXPECT_EQ(objects_of(other), 1u);
        EXPECT_EQ(kslab::validate_heap(), nullptr);
        _exit(testing::Test::HasFailure() ? 1 : 0);
    });
    EXPECT_EQ(result.exit_code, 0) << result.report;
    kslab_group_leave(0);
    EXPECT_EQ(objects_of(group), 1u);
    done.arrive_and_wait();
    elsewhere.join();
    kfree(object);
}

}  // namespace
