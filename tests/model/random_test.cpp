// One thread, random operations, the whole heap validated after every step or every few.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <map>

#include "heap.h"
#include "held.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using model::held;

class shadow {
public:
    explicit shadow(uint64_t seed) : random_(seed) {}

    void step(size_t most_objects, size_t largest) {
        size_t action = random_.below(10);
        if (objects_.empty() || (action < 5 && objects_.size() < most_objects))
            allocate(largest);
        else if (action < 8)
            release(any());
        else if (action < 9)
            resize(any(), largest);
        else if (random_.one_in(10))
            heap::trim();
        else
            any()->second.check();
    }
    void release_all() {
        while (!objects_.empty()) release(objects_.begin());
    }

private:
    using iterator = std::map<unsigned char*, held>::iterator;

    iterator any() {
        auto at = objects_.begin();
        std::advance(at, static_cast<long>(random_.below(objects_.size())));
        return at;
    }

    void insert(held object) {
        auto next = objects_.lower_bound(object.object);
        if (next != objects_.end()) {
            ASSERT_GE(next->first, object.object + heap::usable(object.object)) << "two objects overlap";
        }
        if (next != objects_.begin()) {
            const held& before = std::prev(next)->second;
            ASSERT_LE(before.object + before.size, object.object) << "two objects overlap";
        }
        ASSERT_GE(heap::usable(object.object), object.size);
        object.write();
        objects_[object.object] = object;
    }

    void allocate(size_t largest) {
        held object;
        object.size = random_.doubling(largest);
        object.stamp = ++serial_;
        size_t kind = random_.below(6);
        size_t align = kind == 0 ? size_t{1} << random_.below(14) : 1;
        void* memory = kind == 0   ? heap::allocate_aligned(align, object.size)
                       : kind == 1 ? heap::allocate_zeroed(object.size)
                                   : heap::allocate(object.size);
        ASSERT_NE(memory, nullptr);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(memory) % align, 0u);
        object.object = static_cast<unsigned char*>(memory);
        for (size_t i = 0; kind == 1 && i < object.size; i++) ASSERT_EQ(object.object[i], 0) << i << " of " << object.size;
        insert(object);
    }

    void release(iterator at) {
        at->second.check();
        heap::release(at->first);
        objects_.erase(at);
    }

    void resize(iterator at, size_t largest) {
        held object = at->second;
        objects_.erase(at);
        object.check();
        size_t size = random_.doubling(largest);
        object.object = static_cast<unsigned char*>(heap::resize(object.object, size));
        ASSERT_NE(object.object, nullptr);
        object.check(size < object.size ? size : object.size);
        object.size = size;
        insert(object);
    }

    test::random random_;
    std::map<unsigned char*, held> objects_;
    uint64_t serial_ = 0;
};

void play(size_t steps, size_t most_objects, size_t largest, size_t validate_every) {
    uint64_t seed = test::number_from("TEST_SEED", 5);
    steps = test::number_from("TEST_STEPS", steps / kSanitizerFactor);
    printf("seed %lu, %zu steps\n", seed, steps);
    shadow model(seed);
    for (size_t i = 0; i < steps && !testing::Test::HasFailure(); i++) {
        model.step(most_objects, largest);
        if (i % validate_every != 0) continue;
        ASSERT_STREQ(heap::validate(), nullptr) << "after step " << i;
    }
    model.release_all();
    ASSERT_STREQ(heap::validate(), nullptr);
    heap::trim();
    ASSERT_STREQ(heap::validate(), nullptr);
    EXPECT_TRUE(heap::nothing_in_use());
}

TEST(random, small_heap_validated_after_every_step) { play(200000, 100, 5000, 1); }
TEST(random, small_objects) { play(200000, 3000, 600, 500); }
TEST(random, all_sizes) { play(150000, 400, 500000, 100); }
TEST(random, large_objects) { play(10000, 60, size_t{8} << 20, 20); }

}  // namespace
