// Tuning live arrays: threads' arrays after their next slow operation, shared and alien arrays at once, objects never
// lost, and nothing changed when memory is short. KSLAB_NODES=4.
#include <errno.h>
#include <sys/resource.h>

#include "kslab/kmalloc.h"
#include "kslab/slabinfo.h"
#include "pages/meta_arena.h"
#include "support/child.h"
#include "support/node_threads.h"
#include "thread/tune.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

class nodes_tune : public test::node_threads {
protected:
    int tune(unsigned n, unsigned limit, unsigned batchcount, unsigned shared) {
        int error = -1;
        on(n, [&] { error = cache_tune(cache, limit, batchcount, shared); });
        return error;
    }
    void expect_array(unsigned n, unsigned avail, unsigned limit, unsigned batchcount) {
        SCOPED_TRACE(testing::Message() << "node " << n);
        EXPECT_EQ(array(n)->avail, avail);
        EXPECT_EQ(array(n)->limit, limit);
        EXPECT_EQ(array(n)->batchcount, batchcount);
    }
    // The next slow operation of that thread, on whatever cache.
    void slow_elsewhere(unsigned n) {
        on(n, [] { kfree(kmalloc(400000, GFP_KERNEL)); });
    }
};

// ---- Threads' arrays

TEST_F(nodes_tune, threads_follow_at_their_next_slow_operation_the_caller_at_once) {
    for (unsigned n : {1u, 2u}) release(n, allocate(n));
    expect_array(1, 8, 16, 8);
    expect_array(2, 8, 16, 8);
    ASSERT_EQ(tune(1, 300, 100, 2), 0);
    expect_array(1, 0, 0, 1);
    expect_array(2, 8, 16, 8);
    // A hit is not slow.
    void* object = allocate(2);
    expect_array(2, 7, 16, 8);
    slow_elsewhere(2);
    expect_array(2, 0, 0, 1);
    release(2, object);
    expect_array(2, 1, 300, 100);
    EXPECT_GE(array(2)->capacity(), 300u);
    object = allocate(1);
    expect_array(1, 99, 300, 100);
    release(1, object);
}

TEST_F(nodes_tune, up_above_the_old_capacity_and_down_again) {
    std::vector<void*> objects;
    for (int i = 0; i < 1000; i++) objects.push_back(allocate(1));
    struct {
        unsigned limit, batchcount;
    } rows[] = {{120, 60}, {500, 7}, {8192, 8192}, {3, 2}, {1, 1}, {130, 130}, {120, 60}};
    for (auto& row : rows) {
        SCOPED_TRACE(row.limit);
        ASSERT_EQ(tune(0, row.limit, row.batchcount, 0), 0);
        slow_elsewhere(1);
        EXPECT_EQ(array(1)->avail, 0u);
        // Now it fills up to the limit.
        unsigned most = 0;
        on(1, [&] {
            for (void* object : objects) {
                kmem_cache_free(user, object);
                most = std::max(most, unsigned{array(1)->avail});
            }
        });
        EXPECT_EQ(most, std::min(row.limit, 1000u));
        EXPECT_EQ(array(1)->limit, row.limit);
        EXPECT_EQ(array(1)->batchcount, row.batchcount);
        EXPECT_STREQ(validate_heap(), nullptr);
        on(1, [&] {
            for (void*& object : objects) object = kmem_cache_alloc(user, GFP_KERNEL);
        });
        EXPECT_EQ(objects_out(), 1000 + array(1)->avail + cache->at(1).shared.avail);
    }
    for (void* object : objects) release(1, object);
    drain(1);
}

// Tuned down, a thread began, tuned up again.
TEST_F(nodes_tune, a_size_class_has_its_whole_slot_in_a_thread_that_began_while_it_was_small) {
    kslab::kmem_cache* small = class_for(64);
    ASSERT_NE(small->slot, 0);
    ASSERT_EQ(cache_tune(small, 8, 4, 2), 0);
    std::thread([&] {
        kfree(kmalloc(64, GFP_KERNEL));
        EXPECT_EQ(array_at(current_thread, small->slot)->limit, 8u);
        ASSERT_EQ(cache_tune(small, 120, 60, 8), 0);
        kfree(kmalloc(64, GFP_KERNEL));
        EXPECT_EQ(array_at(current_thread, small->slot)->limit, 120u);
        EXPECT_EQ(array_at(current_thread, small->slot)->batchcount, 60u);
    }).join();
}

TEST_F(nodes_tune, above_the_slot_of_a_size_class_it_is_refused) {
    kslab::kmem_cache* small = class_for(64);
    EXPECT_EQ(cache_tune(small, 209, 60, 8), EINVAL);
    EXPECT_EQ(small->limit, 208u);
    std::string line = "kmalloc-64 209 60 8";
    errno = 0;
    EXPECT_EQ(kslab_slabinfo_write(line.data(), line.size()), -1);
    EXPECT_EQ(errno, EINVAL);
}

// ---- Shared and alien arrays

TEST_F(nodes_tune, the_shared_array_changes_at_once_and_keeps_what_fits) {
    std::vector<void*> objects;
    for (int i = 0; i < 300; i++) objects.push_back(allocate_node(1, 2));
    for (void* object : objects) release(1, object);
    drain(1);
    shrink(0);
    objects.clear();
    fill_alien(1, 2, 121);
    ASSERT_EQ(cache->at(2).shared.avail, 120u);
    struct {
        unsigned batchcount, factor, left;
    } rows[] = {{60, 8, 120}, {60, 1, 60}, {10, 100, 60}, {7, 3, 21}, {60, 0, 0}, {60, 8, 0}};
    for (auto& row : rows) {
        size_t before = objects_out();
        size_t waiting_before = waiting_everywhere(), shared_before = cache->at(2).shared.avail;
        ASSERT_EQ(tune(0, 120, row.batchcount, row.factor), 0);
        EXPECT_EQ(cache->at(2).shared.limit, row.batchcount * row.factor);
        for (unsigned n = 0; n < kNodes; n++) EXPECT_EQ(cache->at(n).shared.limit, row.batchcount * row.factor);
        // Alien objects go home first: one joins the shared array the first time, where that has room.
        EXPECT_LE(cache->at(2).shared.avail, row.batchcount * row.factor);
        EXPECT_GE(cache->at(2).shared.avail, row.left);
        EXPECT_EQ(before - objects_out(), shared_before + waiting_before - cache->at(2).shared.avail - waiting_everywhere());
        EXPECT_STREQ(validate_heap(), nullptr);
    }
    release(2, allocate(2));
}

TEST_F(nodes_tune, alien_arrays_follow_the_limit) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 50);
    ASSERT_EQ(tune(0, 20, 10, 1), 0);
    EXPECT_EQ(waiting_everywhere(), 0u) << "sent home";
    EXPECT_EQ(cache->at(0).shared.avail, 10u) << "as many as the shared array takes";
    for (unsigned to : {0u, 2u, 3u}) EXPECT_EQ(cache->at(1).alien.load()[to].limit, 20u);
    fill_alien(1, 2, 21);
    EXPECT_EQ(waiting(1, 2), 1u);
    EXPECT_EQ(cache->at(1).node_overflow, 1u);
    ASSERT_EQ(tune(0, 400, 10, 1), 0);
    fill_alien(1, 2, 399);
    EXPECT_EQ(waiting(1, 2), 399u);
    EXPECT_EQ(cache->at(1).node_overflow, 1u);
    fill_alien(3, 2, 400);
    EXPECT_EQ(waiting(3, 2), 400u) << "a new array has the limit of now";
    for (unsigned n = 0; n < kNodes; n++)
        EXPECT_EQ(cache->at(n).free_limit, node_free_limit(cache_settings.cpus, 10, cache_layout(cache, 2).num));
}

// ---- Memory is short

void no_more_memory() {
    rlimit none{1, RLIM_INFINITY};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &none), 0);
    // What the arena has in reserve.
    while (metadata_allocate(4096) != nullptr) {}
}

CHILD_PROGRAM(tune_without_memory) {
    boot();
    user_cache* user = kmem_cache_create("tuned", 64, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    std::vector<void*> objects(2000);
    for (size_t i = 0; i < objects.size(); i++) objects[i] = kmem_cache_alloc_node(user, GFP_KERNEL, static_cast<int>(i % 4));
    for (void* object : objects) kmem_cache_free(user, object);
    cache_node& node = cache->at(current_thread->node);
    size_t shared = node.shared.avail, waiting = waiting_aliens(node);
    unsigned avail = thread_array(current_thread, cache)->avail;
    ASSERT_GT(waiting, 0u);
    no_more_memory();
    EXPECT_EQ(cache_tune(cache, 8000, 8000, 8), ENOMEM) << "the shared arrays";
    EXPECT_EQ(cache_tune(cache, 8000, 1, 1), ENOMEM) << "the alien arrays";
    EXPECT_EQ(cache->limit, 120u);
    EXPECT_EQ(cache->batchcount, 60u);
    EXPECT_EQ(cache->shared_factor, 8u);
    EXPECT_FALSE(cache->tuned);
    for (unsigned n = 0; n < nr_nodes; n++) EXPECT_EQ(cache->at(n).shared.limit, 480u);
    EXPECT_EQ(node.shared.avail, shared);
    EXPECT_EQ(waiting_aliens(node), waiting);
    EXPECT_EQ(thread_array(current_thread, cache)->avail, avail) << "nothing is drained";
    EXPECT_EQ(node.alien.load()[(node.id + 1u) % 4].limit, 120u);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(nodes_tune_memory, without_it_nothing_changes) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "sanitizers need memory themselves";
#endif
    test::outcome end = test::rerun("tune_without_memory", {"KSLAB_NODES=4"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(tune_above_the_budget) {
    user_cache* user = kmem_cache_create("tuned", 1024, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    void* objects[1000];
    auto fill = [&] {
        for (void*& object : objects) object = kmem_cache_alloc(user, GFP_KERNEL);
        kmem_cache_free_bulk(user, 1000, objects);
    };
    for (int i = 0; i < 5; i++) fill();
    EXPECT_LE(thread_array(current_thread, cache)->limit, 16u) << "the budget of 16 KiB";
    ASSERT_EQ(cache_tune(cache, 1000, 500, 0), 0);
    fill();
    EXPECT_EQ(thread_array(current_thread, cache)->limit, 1000u) << "who asks for it gets it";
    EXPECT_EQ(thread_array(current_thread, cache)->batchcount, 500u);
    EXPECT_GE(thread_array(current_thread, cache)->avail, 500u);
}

TEST(nodes_tune_memory, the_budget_of_a_thread_does_not_stop_what_was_asked_for) {
    test::outcome end = test::rerun("tune_above_the_budget", {"KSLAB_NODES=4", "KSLAB_THREAD_CACHE=16K"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Under load

// Four threads work, each on its node and with objects of others; two tune the same cache at once.
TEST_F(nodes_tune, two_tune_under_load_and_no_object_is_lost) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> all;
    for (unsigned t = 0; t < 4; t++)
        all.emplace_back([&, t] {
            std::vector<uintptr_t*> objects;
            for (unsigned step = 0; !stop; step++) {
                if (step % 512 < 300) {
                    void* made = step % 8 == 0 ? kmem_cache_alloc_node(user, GFP_KERNEL, static_cast<int>(step / 8 % 4))
                                               : kmem_cache_alloc(user, GFP_KERNEL);
                    objects.push_back(static_cast<uintptr_t*>(made));
                    *objects.back() = reinterpret_cast<uintptr_t>(made) + t;
                } else if (!objects.empty()) {
                    EXPECT_EQ(*objects.back(), reinterpret_cast<uintptr_t>(objects.back()) + t) << "two threads have it";
                    kmem_cache_free(user, objects.back());
                    objects.pop_back();
                }
            }
            for (uintptr_t* object : objects) kmem_cache_free(user, object);
        });
    auto tuner = [&](unsigned seed) {
        for (unsigned i = 0; i < 1500 / kSanitizerFactor; i++) {
            seed = seed * 1103515245 + 12345;
            unsigned limit = 1 + (seed >> 16) % 300, batchcount = 1 + (seed >> 8) % limit;
            EXPECT_EQ(cache_tune(cache, limit, batchcount, seed % 9), 0);
        }
    };
    std::thread other(tuner, 7);
    tuner(1);
    other.join();
    stop = true;
    for (std::thread& thread : all) thread.join();
    EXPECT_STREQ(validate_heap(), nullptr);
    EXPECT_EQ(kmem_cache_shrink(user), 0) << "an object is nowhere";
    EXPECT_EQ(objects_out(), 0u);
}

}  // namespace
