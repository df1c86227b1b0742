// A thread on each node, a cache, and what a test wants to see of both. Needs KSLAB_NODES=4.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "pages/page_map.h"
#include "support/baton.h"
#include "thread/slots.h"

namespace test {

inline uint64_t node_clock_ms = 7000000;
inline bool node_clock(uint64_t& milliseconds) {
    milliseconds = node_clock_ms;
    return true;
}

class node_threads : public testing::Test {
protected:
    static constexpr unsigned kNodes = 4;

    void SetUp() override {
        kslab::boot();
        if (kslab::nr_nodes != kNodes) GTEST_SKIP() << "needs KSLAB_NODES=4";
        kslab::clock_set_source(node_clock);
        kslab::global_reap = nullptr;
        make_cache(64, 0);
        // They are dealt out in turn.
        while (number_of_threads < kNodes) {
            auto thread = std::make_unique<baton_thread>();
            kslab::thread_cache* own = nullptr;
            thread->do_now([&] {
                kslab::attached_thread();
                kslab::thread_look_at_clock(own = kslab::current_thread);
            });
            if (threads[own->node] == nullptr) number_of_threads++;
            threads[own->node] = std::move(thread);
            own_of[own->node] = own;
        }
    }
    void TearDown() override {
        if (cache != nullptr) kmem_cache_destroy(user);
        EXPECT_STREQ(kslab::validate_heap(), nullptr);
    }

    void make_cache(size_t size, unsigned long flags) {
        if (cache != nullptr) kmem_cache_destroy(user);
        user = kmem_cache_create("on_nodes", size, 0, flags | SLAB_NO_MERGE, nullptr);
        cache = reinterpret_cast<kslab::kmem_cache*>(user);
    }

    // By the thread of node `n`.
    void on(unsigned n, const std::function<void()>& work) { threads[n]->do_now(work); }
    void* allocate(unsigned n, gfp_t gfp = GFP_KERNEL) {
        void* object = nullptr;
        on(n, [&] { object = kmem_cache_alloc(user, gfp); });
        return object;
    }
    void* allocate_node(unsigned n, int node, gfp_t gfp = GFP_KERNEL) {
        void* object = nullptr;
        on(n, [&] { object = kmem_cache_alloc_node(user, gfp, node); });
        return object;
    }
    void release(unsigned n, void* object) {
        on(n, [&] { kmem_cache_free(user, object); });
    }
    void drain(unsigned n) {
        on(n, [] { kslab::drain_this_thread(); });
    }
    int shrink(unsigned n) {
        int left = -1;
        on(n, [&] { left = kmem_cache_shrink(user); });
        return left;
    }
    // Time passes, and the thread of node `n` looks at the clock.
    void tick(unsigned n, uint64_t milliseconds = 2000) {
        node_clock_ms += milliseconds;
        on(n, [] { kslab::thread_look_at_clock(kslab::current_thread); });
    }

    // Objects of node `to` wait in the alien array of `from`.
    void fill_alien(unsigned from, unsigned to, unsigned count) {
        std::vector<void*> objects;
        for (unsigned i = 0; i < count; i++) objects.push_back(allocate_node(from, static_cast<int>(to)));
        for (void* object : objects) release(from, object);
        drain(from);
    }
    unsigned waiting(unsigned from, unsigned to) {
        kslab::shared_array* alien = cache->at(from).alien;
        return alien == nullptr ? 0 : unsigned{alien[to].avail};
    }
    unsigned waiting_everywhere() {
        unsigned sum = 0;
        for (unsigned from = 0; from < kNodes; from++)
            for (unsigned to = 0; to < kNodes; to++) sum += waiting(from, to);
        return sum;
    }
    const kslab::array_cache* array(unsigned n) {
        kslab::thread_cache* own = own_of[n];
        return cache->index < kslab::vector_size(own) ? own->vector[cache->index].real : nullptr;
    }
    // Of all nodes.
    size_t objects_out() {
        size_t out = 0;
        for (unsigned n = 0; n < kNodes; n++) out += cache->at(n).num_objects - cache->at(n).free_objects;
        return out;
    }
    static unsigned node_of(const void* object) { return kslab::page_owner_of(object).slab()->node; }

    struct ::kmem_cache* user = nullptr;
    kslab::kmem_cache* cache = nullptr;
    std::unique_ptr<baton_thread> threads[kNodes];
    kslab::thread_cache* own_of[kNodes] = {};
    unsigned number_of_threads = 0;
};

}  // namespace test
