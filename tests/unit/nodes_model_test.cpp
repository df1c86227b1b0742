// Several threads on four nodes, one at a time: arrays, shared and alien arrays, slab lists and counters after every
// step of a random trace, against a model of the rules. It allocates and frees, here and on other nodes, lets time
// pass, tunes, shrinks, and ends threads.
#include <gtest/gtest.h>

#include <map>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "support/baton.h"
#include "support/child.h"
#include "support/node_model.h"
#include "support/random.h"
#include "thread/slots.h"
#include "thread/tune.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

uint64_t now_ms = 5000000;
bool test_clock(uint64_t& milliseconds) {
    milliseconds = now_ms;
    return true;
}

size_t length(const list_head& list) {
    size_t count = 0;
    for (const list_head* at = list.next; at != &list; at = at->next) count++;
    return count;
}

std::vector<size_t> inuse_of(list_head& list) {
    std::vector<size_t> all;
    for (list_head* at = list.next; at != &list; at = at->next)
        all.push_back(KSLAB_CONTAINER_OF(at, slab, list)->inuse);
    return all;
}

std::vector<size_t> inuse_of(const std::deque<test::model_slab*>& list) {
    std::vector<size_t> all;
    for (const test::model_slab* slab : list) all.push_back(slab->inuse());
    return all;
}

struct worker {
    std::unique_ptr<test::baton_thread> thread;
    thread_cache* own = nullptr;
};

class trace {
public:
    static constexpr size_t kThreads = 5;

    trace(size_t size, unsigned long flags, uint64_t seed)
        // Caches with a constructor keep their pages: giving some back changes the order of partial slabs.
        : user_(kmem_cache_create("trace", size, 0, flags, [](void*) {})),
          cache_(reinterpret_cast<kslab::kmem_cache*>(user_)),
          model_(settings_for(size)),
          random_(seed),
          threads_(kThreads),
          twins_(kThreads) {
        most_ = (size_t{2} << 20) / cache_->size;
        for (size_t i = 0; i < kThreads; i++) start(i);
    }
    ~trace() {
        for (pair& each : live_) kmem_cache_free(user_, each.object);
        threads_.clear();
        kmem_cache_destroy(user_);
    }

    // A phase allocates more or frees more, in one of three orders, with some of the threads doing most of either.
    void phase() {
        size_t steps = random_.between(1, 1500);
        size_t allocations_in_ten = random_.between(1, 9);
        size_t order = random_.below(3), allocator = random_.below(kThreads), releaser = random_.below(kThreads);
        for (size_t i = 0; i < steps && !testing::Test::HasFatalFailure(); i++) {
            bool often = random_.below(3) != 0;
            if (live_.empty() || (random_.below(10) < allocations_in_ten && live_.size() < most_))
                allocate(often ? allocator : random_.below(kThreads));
            else
                release(often ? releaser : random_.below(kThreads),
                        order == 0 ? 0 : order == 1 ? live_.size() - 1 : random_.below(live_.size()));
            compare();
        }
        rare(random_.below(kThreads));
        compare();
    }

    size_t sum(size_t test::model_node::*what) const {
        size_t all = 0;
        for (const test::model_node& node : model_.nodes) all += node.*what;
        return all;
    }

private:
    struct pair {
        void* object;
        test::model_object twin;
    };

    test::node_model::settings settings_for(size_t size) const {
        size_t limit = array_limit(size), affordable = active_options.thread_cache / 32 / cache_->size;
        return {.nodes = nr_nodes,
                .cpus = cache_settings.cpus,
                .limit = limit,
                .batch = array_batchcount(array_limit(size)),
                .shared_factor = shared_factor(size),
                .first_limit = std::max(size_t{1}, std::min({limit, size_t{16}, affordable})),
                .spread = (cache_->flags & SLAB_MEM_SPREAD) != 0,
                .num_of_next_slab =
                    [](const test::node_model::settings& of, size_t slabs) -> size_t {
                    return make_layout(of.stride, of.align, slabs == 0 ? 4 : slabs == 1 ? 8 : 16).num;
                },
                .stride = cache_->size,
                .align = cache_->align};
    }

    void start(size_t i) {
        worker& w = threads_[i];
        w.thread = std::make_unique<test::baton_thread>();
        w.thread->do_now([&w] {
            attached_thread();
            w.own = current_thread;
        });
        twins_[i] = {};
        twins_[i].home = w.own->node;
        twins_[i].reap_to = (w.own->node + 1u) % nr_nodes;
    }

    void allocate(size_t i) {
        bool by_node = random_.one_in(20);
        size_t n = random_.below(nr_nodes);
        gfp_t gfp = random_.one_in(2) ? GFP_KERNEL | __GFP_THISNODE : GFP_KERNEL;
        void* object = nullptr;
        threads_[i].thread->do_now([&] {
            object = by_node ? kmem_cache_alloc_node(user_, gfp, static_cast<int>(n)) : kmem_cache_alloc(user_, GFP_KERNEL);
        });
        bool past_array = by_node && (n != twins_[i].home || (gfp & __GFP_THISNODE) != 0);
        if (by_node && !past_array) model_.look_at_array(twins_[i]);
        test::model_object twin = past_array ? model_.allocate_on(twins_[i], n) : model_.allocate(twins_[i], now_ms);
        // An address may serve for another object only after the slab was destroyed.
        auto [known, is_new] = address_of_.try_emplace(twin, object);
        ASSERT_EQ(known->second, object) << "the model hands out another object";
        live_.push_back({object, twin});
    }

    void release(size_t i, size_t which) {
        std::swap(live_[which], live_.back());
        threads_[i].thread->do_now([&] { kmem_cache_free(user_, live_.back().object); });
        model_.release(twins_[i], live_.back().twin, now_ms);
        live_.pop_back();
    }

    void rare(size_t i) {
        test::baton_thread& thread = *threads_[i].thread;
        switch (random_.below(6)) {
            case 0:
                thread.do_now([] { drain_this_thread(); });
                twins_[i].told_to_drain = false;
                return model_.drain(twins_[i]);
            case 1: return ticks(i);
            case 2: {
                int left = -1;
                thread.do_now([&] { left = kmem_cache_shrink(user_); });
                ASSERT_EQ(left == 0, model_.shrink(twins_, twins_[i]));
                return;
            }
            case 3: return tune(i);
            case 4:
                model_.drain(twins_[i]);
                threads_[i].thread.reset();
                return start(i);
            default: return;
        }
    }

    void ticks(size_t i) {
        for (size_t count = random_.between(1, 8); count > 0; count--) {
            now_ms += random_.between(1, 3) * 1000;
            threads_[i].thread->do_now([] { thread_look_at_clock(current_thread); });
            model_.look_at_clock(twins_[i], now_ms);
            compare();
        }
    }

    void tune(size_t i) {
        auto limit = static_cast<unsigned>(random_.between(1, 200));
        auto batch = static_cast<unsigned>(random_.between(1, limit));
        auto factor = static_cast<unsigned>(random_.below(9));
        int error = -1;
        threads_[i].thread->do_now([&] { error = cache_tune(cache_, limit, batch, factor); });
        ASSERT_EQ(error, 0);
        model_.tune(twins_, twins_[i], limit, batch, factor);
    }

    void compare() {
        for (size_t i = 0; i < kThreads; i++) compare_thread(*threads_[i].own, twins_[i]);
        for (unsigned n = 0; n < nr_nodes; n++) compare_node(cache_->at(n), model_.nodes[n]);
        ASSERT_EQ(cache_->spread_next, model_.spread_next);
    }

    void compare_thread(const thread_cache& thread, test::model_thread& twin) {
        // When a thread's first reap is due another test says.
        if (twin.next_reap == 0) twin.next_reap = thread.next_reap;
        ASSERT_EQ(thread.next_reap, twin.next_reap);
        const array_cache* ac = cache_->index < vector_size(&thread) ? thread.vector[cache_->index].real : nullptr;
        ASSERT_EQ(ac == nullptr ? 0 : ac->avail, twin.array.size());
        if (ac == nullptr) return;
        ASSERT_EQ(ac->limit, twin.limit);
        ASSERT_EQ(ac->batchcount, twin.batch);
        ASSERT_EQ(ac->touched != 0, twin.touched);
        for (size_t i = 0; i < twin.array.size(); i++) ASSERT_EQ(ac->entry[i], address_of(twin.array[i], ac->entry[i]));
    }

    void compare_node(cache_node& node, const test::model_node& twin) {
        SCOPED_TRACE(testing::Message() << "node " << unsigned{node.id});
        ASSERT_EQ(node.shared.avail, twin.shared.size());
        ASSERT_EQ(node.shared.limit, twin.shared_limit);
        shared_array* alien = node.alien;
        for (unsigned n = 0; n < nr_nodes; n++) ASSERT_EQ(alien == nullptr ? 0 : size_t{alien[n].avail}, twin.alien[n].size());
        ASSERT_EQ(node.flushes, twin.flushes);
        ASSERT_EQ(node.free_objects, twin.free_objects);
        ASSERT_EQ(node.free_limit, twin.free_limit);
        ASSERT_EQ(node.num_slabs, twin.slabs);
        ASSERT_EQ(node.grown, twin.grown);
        ASSERT_EQ(node.reaped, twin.reaped);
        ASSERT_EQ(node.node_allocs, twin.node_allocs);
        ASSERT_EQ(node.node_frees, twin.node_frees);
        ASSERT_EQ(node.node_overflow, twin.overflow);
        ASSERT_EQ(length(node.slabs_full), twin.full.size());
        ASSERT_EQ(length(node.slabs_free), twin.empty.size());
        ASSERT_EQ(inuse_of(node.slabs_partial), inuse_of(twin.partial));
    }

    // Where the twin was seen; the first time is now.
    void* address_of(const test::model_object& twin, void* seen) {
        return address_of_.try_emplace(twin, seen).first->second;
    }

    user_cache* user_;
    kslab::kmem_cache* cache_;
    size_t most_ = 0;
    test::node_model model_;
    test::random random_;
    std::vector<worker> threads_;
    std::vector<test::model_thread> twins_;
    std::vector<pair> live_;
    std::map<test::model_object, void*> address_of_;
};

class nodes_model : public testing::Test {
protected:
    void SetUp() override {
        boot();
        if (nr_nodes != 4) GTEST_SKIP() << "needs KSLAB_NODES=4";
        clock_set_source(test_clock);
        global_reap = nullptr;
    }
    void play(size_t size, unsigned long flags, size_t phases) {
        uint64_t seed = test::number_from("TEST_SEED", 21);
        phases = test::number_from("TEST_STEPS", phases / kSanitizerFactor + 5);
        SCOPED_TRACE(testing::Message() << "size " << size << ", seed " << seed);
        {
            trace t(size, flags, seed);
            for (size_t i = 0; i < phases && !HasFatalFailure(); i++) t.phase();
            if (HasFatalFailure()) return;
            if (phases < 20) return;
            EXPECT_GT(t.sum(&test::model_node::node_allocs), 0u);
            EXPECT_GT(t.sum(&test::model_node::overflow), 0u) << "the trace fills no alien array";
            EXPECT_GT(t.sum(&test::model_node::grown), 0u);
        }
        EXPECT_STREQ(validate_heap(), nullptr);
    }
};

TEST_F(nodes_model, objects_of_64_bytes) { play(64, 0, 40); }
TEST_F(nodes_model, objects_of_600_bytes) { play(600, 0, 40); }
TEST_F(nodes_model, objects_of_3_kib) { play(3072, 0, 40); }
TEST_F(nodes_model, objects_of_a_page_and_more) { play(5000, 0, 40); }
TEST_F(nodes_model, objects_spread_over_nodes) { play(200, SLAB_MEM_SPREAD, 40); }

}  // namespace
