// Array, shared array and slab lists after every step of a random trace, against a model of the kernel's rules:
// counts, and that each object is where the model has it; never which address it has.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "cache/node.h"
#include "config/size_classes.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "support/array_model.h"
#include "support/child.h"
#include "support/random.h"
#include "thread/slots.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

// Time stands still: nothing is reaped.
bool stopped_clock(uint64_t& milliseconds) {
    milliseconds = 5000000;
    return true;
}

size_t length(list_head& list) {
    size_t count = 0;
    for (list_head* at = list.next; at != &list; at = at->next) count++;
    return count;
}

class trace {
public:
    trace(size_t size, uint64_t seed)
        // Caches with a constructor keep their pages: giving pages back changes the order of partial slabs, which
        // the model does not know.
        : user_(kmem_cache_create("trace", size, 0, 0, [](void*) {})),
          cache_(reinterpret_cast<kslab::kmem_cache*>(user_)),
          model_(settings_for(size)),
          random_(seed) {}
    ~trace() {
        while (!live_.empty()) release(0);
        kmem_cache_destroy(user_);
    }

    // Up and down: a phase allocates more or frees more, in one of three orders.
    void phase() {
        size_t steps = random_.between(1, 3000);
        size_t allocations_in_ten = random_.between(1, 9);
        size_t order = random_.below(3);
        for (size_t i = 0; i < steps && !testing::Test::HasFatalFailure(); i++) {
            if (live_.empty() || (random_.below(10) < allocations_in_ten && live_.size() < most_))
                allocate();
            else
                release(order == 0 ? 0 : order == 1 ? live_.size() - 1 : random_.below(live_.size()));
            compare();
        }
        if (!random_.one_in(5)) return;
        drain_this_thread();
        model_.drain();
        compare();
    }

    size_t grown() const { return model_.grown; }

private:
    struct pair {
        void* object;
        test::model_object twin;
    };

    test::array_model::settings settings_for(size_t size) {
        size_t stride = cache_->size;
        most_ = (size_t{3} << 20) / stride;  // whole free pages wait until there are 16 MiB of them
        size_t affordable = active_options.thread_cache / 32 / stride;
        size_t limit = array_limit(size);
        size_t num = make_layout(stride, cache_->align, 16).num;
        return {limit, shared_factor(size) * array_batchcount(array_limit(size)),
                node_free_limit(cache_settings.cpus, array_batchcount(array_limit(size)), num),
                std::max(size_t{1}, std::min({limit, size_t{16}, affordable})),
                [=, this](size_t slabs) { return make_layout(stride, cache_->align, floor_pages_for(slabs)).num; },
                stride < kCacheLine};
    }

    void allocate() {
        void* object = kmem_cache_alloc(user_, 0);
        test::model_object twin = model_.allocate();
        // An address may serve for another object only after the slab was destroyed.
        auto [known, is_new] = address_of_.try_emplace(twin, object);
        ASSERT_EQ(known->second, object) << "the model hands out another object";
        live_.push_back({object, twin});
    }

    void release(size_t i) {
        std::swap(live_[i], live_.back());
        kmem_cache_free(user_, live_.back().object);
        model_.release(live_.back().twin);
        live_.pop_back();
    }

    void compare() {
        cache_node& node = cache_->node;
        array_cache* ac = thread_vector_array(current_thread, cache_);
        ASSERT_EQ(ac->avail, model_.array.size());
        ASSERT_EQ(ac->limit, model_.limit);
        ASSERT_EQ(ac->batchcount, model_.batch);
        ASSERT_EQ(ac->touched != 0, model_.touched);
        ASSERT_EQ(node.shared.avail, model_.shared.size());
        ASSERT_EQ(node.flushes, model_.flushes);
        ASSERT_EQ(node.free_objects, model_.free_objects);
        ASSERT_EQ(node.num_slabs, model_.slabs);
        ASSERT_EQ(node.grown, model_.grown);
        ASSERT_EQ(length(node.slabs_partial), model_.partial.size());
        ASSERT_EQ(length(node.slabs_full), model_.full.size());
        ASSERT_EQ(length(node.slabs_free), model_.free.size());
    }

    user_cache* user_;
    kslab::kmem_cache* cache_;
    size_t most_ = 0;
    test::array_model model_;
    test::random random_;
    std::vector<pair> live_;
    std::map<test::model_object, void*> address_of_;
};

class array_counts : public testing::Test {
protected:
    void SetUp() override {
        clock_set_source(stopped_clock);
        for (int i = 0; i < 100; i++) kfree(kmalloc(400000, 0));
        drain_this_thread();
    }
    void play(size_t size, size_t phases) {
        uint64_t seed = test::number_from("TEST_SEED", 21);
        phases = test::number_from("TEST_STEPS", phases / kSanitizerFactor + 5);
        SCOPED_TRACE(testing::Message() << "size " << size << ", seed " << seed);
        trace t(size, seed);
        for (size_t i = 0; i < phases && !HasFatalFailure(); i++) t.phase();
        EXPECT_GT(t.grown(), 0u);
    }
};

TEST_F(array_counts, objects_of_24_bytes) { play(24, 60); }
TEST_F(array_counts, objects_of_192_bytes) { play(192, 60); }
TEST_F(array_counts, objects_of_1000_bytes) { play(1000, 80); }
TEST_F(array_counts, objects_of_3_kib) { play(3072, 80); }
TEST_F(array_counts, objects_of_a_page_and_more) { play(5000, 80); }
TEST_F(array_counts, objects_of_20_kib) { play(20000, 80); }

}  // namespace
