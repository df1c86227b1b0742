// Nodes: kmem_cache_alloc_node, spreading, alien arrays and how they are emptied, shrinking. KSLAB_NODES=4.
#include <algorithm>
#include <queue>

#include "kslab/kmalloc.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/node_threads.h"

namespace {

using namespace kslab;
using test::node_clock_ms;

class nodes : public test::node_threads {};

// ---- kmem_cache_alloc_node

TEST_F(nodes, each_thread_allocates_on_its_own) {
    for (unsigned n = 0; n < kNodes; n++) {
        void* object = allocate(n);
        EXPECT_EQ(node_of(object), n);
        EXPECT_EQ(cache->at(n).num_slabs, 1u);
        release(n, object);
    }
}

TEST_F(nodes, the_own_node_no_node_and_nodes_that_are_not_there_are_local) {
    for (int node : {1, NUMA_NO_NODE, -7, 4, 15, 16, 1000, 0x7fffffff}) {
        void* object = allocate_node(1, node);
        EXPECT_EQ(node_of(object), 1u) << node;
        release(1, object);
        void* small = nullptr;
        on(1, [&] { small = kmalloc_node(100, GFP_KERNEL, node); });
        EXPECT_EQ(node_of(small), 1u) << node;
        on(1, [&] { kfree(small); });
    }
    for (unsigned n = 0; n < kNodes; n++) EXPECT_EQ(cache->at(n).node_allocs, 0u);
    EXPECT_EQ(cache->at(1).num_slabs, 1u);
}

TEST_F(nodes, another_node_is_asked_past_the_array_and_counted) {
    void* own = allocate(1);
    unsigned avail = array(1)->avail;
    ASSERT_GT(avail, 0u);
    for (int node : {0, 2, 3}) {
        for (int i = 0; i < 3; i++) {
            void* object = allocate_node(1, node);
            EXPECT_EQ(node_of(object), static_cast<unsigned>(node));
            release(static_cast<unsigned>(node), object);
        }
        EXPECT_EQ(cache->at(static_cast<unsigned>(node)).node_allocs, 3u);
    }
    EXPECT_EQ(array(1)->avail, avail);
    EXPECT_EQ(cache->at(1).node_allocs, 0u);
    void* small = nullptr;
    on(1, [&] { small = kzalloc_node(100, GFP_KERNEL, 3); });
    EXPECT_EQ(node_of(small), 3u);
    kfree(small);
    release(1, own);
}

// A thread that freed objects of another node has them in its array.
TEST_F(nodes, this_node_only_means_it_even_for_the_threads_own) {
    void* object = allocate_node(1, 2);
    release(1, object);
    void* same = allocate_node(1, 1);
    EXPECT_EQ(same, object) << "the array comes first";
    release(1, same);
    same = allocate_node(1, 1, GFP_KERNEL | __GFP_THISNODE);
    EXPECT_EQ(node_of(same), 1u);
    EXPECT_EQ(cache->at(1).node_allocs, 0u) << "that is no other node";
    release(1, same);
}

// ---- SLAB_MEM_SPREAD

bool even(kslab::kmem_cache* cache) {
    size_t least = ~size_t{0}, most = 0;
    for (unsigned n = 0; n < nr_nodes; n++) {
        size_t slabs = cache->at(n).num_slabs;
        least = std::min(least, slabs);
        most = std::max(most, slabs);
    }
    return most - least <= 1;
}

TEST_F(nodes, spread_slabs_lie_on_all_nodes_alike) {
    for (size_t size : {64, 512, 4096, 20000, 100000}) {
        SCOPED_TRACE(size);
        make_cache(size, SLAB_MEM_SPREAD);
        std::vector<void*> objects;
        for (unsigned round = 0; objects.size() * size < (4u << 20) && !HasFatalFailure(); round++)
            on(round % kNodes, [&] {
                for (int i = 0; i < 50; i++) {
                    objects.push_back(kmem_cache_alloc(user, GFP_KERNEL));
                    if (!even(cache)) FAIL() << objects.size() << " objects";
                }
            });
        EXPECT_GT(cache->at(3).num_slabs, 1u);
        on(2, [&] { kmem_cache_free_bulk(user, objects.size(), objects.data()); });
        for (unsigned n = 0; n < kNodes; n++) drain(n);
    }
}

TEST_F(nodes, spreading_is_for_those_who_do_not_ask_for_a_node) {
    make_cache(4096, SLAB_MEM_SPREAD);
    std::vector<void*> objects;
    for (int i = 0; i < 50; i++) {
        objects.push_back(allocate(1, GFP_KERNEL | __GFP_THISNODE));
        ASSERT_EQ(node_of(objects.back()), 1u);
    }
    for (void* object : objects) release(1, object);
}

// ---- Alien arrays

TEST_F(nodes, objects_of_others_wait_and_go_home_when_the_array_is_full) {
    unsigned limit = cache->limit;
    fill_alien(1, 2, limit);
    EXPECT_EQ(waiting(1, 2), limit);
    EXPECT_EQ(cache->at(1).node_frees, limit);
    EXPECT_EQ(cache->at(1).node_overflow, 0u);
    EXPECT_EQ(cache->at(2).shared.avail, 0u);
    fill_alien(1, 2, 1);
    EXPECT_EQ(cache->at(1).node_overflow, 1u);
    EXPECT_EQ(waiting(1, 2), 1u);
    EXPECT_EQ(cache->at(2).shared.avail, limit) << "the shared array there comes first";
    // What does not fit into it goes to the slabs: 8 batches are four arrays.
    std::vector<void*> objects;
    for (unsigned i = 0; i < 6 * limit; i++) objects.push_back(allocate_node(1, 2));
    ASSERT_EQ(cache->at(2).shared.avail, 0u);
    size_t free = cache->at(2).free_objects;
    for (void* object : objects) release(1, object);
    drain(1);
    EXPECT_EQ(cache->at(2).shared.limit, 4 * limit);
    EXPECT_EQ(cache->at(2).shared.avail, 4 * limit);
    EXPECT_EQ(waiting(1, 2), 1u);
    EXPECT_EQ(cache->at(2).free_objects, free + 2 * limit);
}

TEST_F(nodes, a_tick_empties_the_array_for_one_other_node_in_turn) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 5);
    fill_alien(0, 2, 5);
    // The thread of node 1 begins with the one behind.
    std::vector<std::vector<unsigned>> seen;
    for (int i = 0; i < 4; i++) {
        tick(1);
        seen.push_back({waiting(1, 0), waiting(1, 2), waiting(1, 3)});
    }
    EXPECT_EQ(seen, (std::vector<std::vector<unsigned>>{{5, 0, 5}, {5, 0, 0}, {0, 0, 0}, {0, 0, 0}}));
    EXPECT_EQ(waiting(0, 2), 5u) << "that is for node 0's threads";
    EXPECT_EQ(cache->at(3).shared.avail, 5u);
}

TEST_F(nodes, a_tick_passes_over_an_array_that_somebody_has) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 5);
    shared_array& held = cache->at(1).alien[2];
    ASSERT_TRUE(held.lock.lock());
    tick(1);
    EXPECT_EQ(waiting(1, 2), 5u);
    tick(1);
    held.lock.unlock();
    EXPECT_EQ(waiting(1, 3), 0u);
    tick(1);
    EXPECT_EQ(waiting(1, 2), 5u);
    tick(1);
    EXPECT_EQ(waiting(1, 2), 0u) << "it has its turn again";
}

TEST_F(nodes, what_nobodys_tick_sends_home_goes_with_the_reaping_of_the_node) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 5);
    reap_node(cache, cache->at(1), node_clock_ms);
    reap_node(cache, cache->at(1), node_clock_ms + 4000);
    EXPECT_EQ(waiting_everywhere(), 0u);
}

TEST_F(nodes, a_thread_that_ends_leaves_other_nodes_objects_for_them) {
    void* object = allocate(2);
    std::thread([&] {
        attached_thread();
        // Until it is dealt node 1.
        if (current_thread->node == 2) return;
        kmem_cache_free(user, object);
        object = nullptr;
    }).join();
    if (object != nullptr) return release(2, object);
    EXPECT_EQ(waiting_everywhere(), 1u);
}

// ---- Shrinking: alien, shared and the caller's arrays at once, other threads' at their next slow operation.

TEST_F(nodes, shrink_returns_zero_when_nothing_is_left) {
    EXPECT_EQ(shrink(0), 0) << "never used";
    void* object = allocate(1);
    EXPECT_EQ(shrink(1), 1) << "a partial slab";
    release(1, object);
    EXPECT_EQ(shrink(1), 0) << "all came back";
    EXPECT_EQ(cache->at(1).num_slabs, 0u);
    std::vector<void*> objects;
    do objects.push_back(allocate(1));
    while (cache->at(1).free_objects > 0 || array(1)->avail > 0);
    EXPECT_EQ(shrink(1), 1) << "a full slab";
    for (void* each : objects) release(1, each);
    EXPECT_EQ(shrink(1), 0);
}

TEST_F(nodes, shrink_empties_alien_and_shared_arrays) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 50);
    for (unsigned to : {1u, 2u, 3u}) fill_alien(0, to, 130);
    EXPECT_GT(waiting_everywhere(), 0u);
    EXPECT_GT(cache->at(2).shared.avail, 0u);
    EXPECT_EQ(shrink(3), 0);
    EXPECT_EQ(waiting_everywhere(), 0u);
    for (unsigned n = 0; n < kNodes; n++) EXPECT_EQ(cache->at(n).num_slabs, 0u);
}

TEST_F(nodes, shrink_reaches_other_threads_at_their_next_slow_operation_on_any_cache) {
    release(2, allocate(2));
    release(3, allocate(3));
    unsigned before = array(2)->avail;
    ASSERT_GT(before, 0u);
    EXPECT_EQ(shrink(1), 1) << "two threads have objects";
    EXPECT_EQ(array(2)->avail, before);
    void* object = allocate(2);
    EXPECT_EQ(array(2)->avail, before - 1) << "a hit is not slow";
    release(2, object);
    on(2, [] { kfree(kmalloc(400000, GFP_KERNEL)); });
    EXPECT_EQ(array(2)->avail, 0u);
    EXPECT_EQ(array(3)->avail, before);
    EXPECT_EQ(shrink(3), 0) << "the caller's at once";
}

TEST_F(nodes, destroy_empties_alien_arrays) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 50);
    release(0, allocate(2));
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(user);
    cache = nullptr;
    EXPECT_STREQ(kslab_last_report, "");
}

// ---- All at once

TEST_F(nodes, producers_on_one_node_and_consumers_on_others_lose_nothing) {
    struct {
        std::mutex lock;
        std::queue<uintptr_t*> queue;
        int producing = 2;
    } between;
    auto produce = [&] {
        for (uintptr_t i = 0; i < 200000 / kSanitizerFactor; i++) {
            auto* object = static_cast<uintptr_t*>(i % 16 == 0 ? kmem_cache_alloc_node(user, GFP_KERNEL, static_cast<int>(i / 16 % 4))
                                                               : kmem_cache_alloc(user, GFP_KERNEL));
            *object = reinterpret_cast<uintptr_t>(object);
            std::lock_guard hold(between.lock);
            between.queue.push(object);
        }
        std::lock_guard hold(between.lock);
        between.producing--;
    };
    auto consume = [&] {
        for (;;) {
            uintptr_t* object = nullptr;
            {
                std::lock_guard hold(between.lock);
                if (between.queue.empty() && between.producing == 0) return;
                if (!between.queue.empty()) object = between.queue.front(), between.queue.pop();
            }
            if (object == nullptr) {
                std::this_thread::yield();
                continue;
            }
            EXPECT_EQ(*object, reinterpret_cast<uintptr_t>(object));
            *object = 0;
            kmem_cache_free(user, object);
        }
    };
    std::vector<std::thread> all;
    all.emplace_back(produce);
    all.emplace_back(produce);
    for (int i = 0; i < 3; i++) all.emplace_back(consume);
    for (int i = 0; i < 200; i++) {
        kmem_cache_shrink(user);
        std::this_thread::yield();
    }
    for (std::thread& thread : all) thread.join();
    EXPECT_STREQ(validate_heap(), nullptr);
    EXPECT_EQ(kmem_cache_shrink(user), 0);
    size_t frees = 0;
    for (unsigned n = 0; n < kNodes; n++) frees += cache->at(n).node_frees;
    EXPECT_GT(frees, 0u);
    EXPECT_EQ(objects_out(), 0u);
}

}  // namespace
