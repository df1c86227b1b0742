#include "slab/slab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "support/random.h"

namespace {

using namespace kslab;

bool put(slab* s, uint32_t index) { return slab_put_obj(s, index); }

// A slab over memory that nobody touches.
class slab_on_paper {
public:
    slab_on_paper(size_t size, unsigned num, size_t colour = 0)
        : size_(static_cast<uint32_t>(size)),
          memory_(static_cast<slab*>(calloc(1, slab_descriptor_bytes(num)))),
          start_(reinterpret_cast<char*>(uintptr_t{0x7f1234000000})) {
        slab_init(memory_.get(), nullptr, nullptr, start_ + colour, num);
    }
    slab* operator->() { return memory_.get(); }
    slab* get() { return memory_.get(); }
    char* object(size_t index) { return memory_->s_mem + index * size_; }
    std::vector<size_t> take(unsigned count) {
        std::vector<void*> out(count + 1, nullptr);
        unsigned taken = slab_get_objs(get(), out.data() + out.size(), count, size_);
        EXPECT_EQ(out[count - taken], nullptr);
        std::vector<size_t> indices;
        for (unsigned i = count; i > count - taken; i--)
            indices.push_back(static_cast<size_t>(static_cast<char*>(out[i]) - memory_->s_mem) / size_);
        return indices;
    }
    uint32_t size() const { return size_; }

private:
    struct freer {
        void operator()(slab* s) const { free(s); }
    };
    uint32_t size_;
    std::unique_ptr<slab, freer> memory_;
    char* start_;
};

TEST(slab, a_new_one_has_num_free_objects) {
    for (unsigned num : {1u, 2u, 63u, 64u, 65u, 127u, 128u, 682u, 4096u, 8192u}) {
        slab_on_paper s(16, num);
        EXPECT_EQ(slab_count_free(s.get()), num);
        EXPECT_EQ(s->inuse, 0);
        std::vector<size_t> all = s.take(num + 10);
        ASSERT_EQ(all.size(), num);
        for (size_t i = 0; i < num; i++) ASSERT_EQ(all[i], i);
        EXPECT_EQ(s->inuse, num);
        EXPECT_TRUE(s.take(1).empty());
    }
}

TEST(slab, double_puts_are_refused) {
    slab_on_paper s(32, 100);
    s.take(70);
    EXPECT_FALSE(put(s.get(), 70)) << "was never taken";
    EXPECT_TRUE(put(s.get(), 69));
    EXPECT_FALSE(put(s.get(), 69));
    EXPECT_TRUE(put(s.get(), 0));
    EXPECT_FALSE(put(s.get(), 0));
    EXPECT_EQ(s->inuse, 68);
    EXPECT_EQ(slab_count_free(s.get()), 32u);
}

// Random gets and puts against a vector of flags.
TEST(slab, hands_out_the_lowest_free_objects_in_ascending_order) {
    test::random random(4);
    for (unsigned num : {1u, 40u, 64u, 200u, 1000u}) {
        slab_on_paper s(48, num);
        std::vector<bool> out(num, false);
        for (int step = 0; step < 4000; step++) {
            if (random.one_in(3)) {
                unsigned count = static_cast<unsigned>(random.between(1, 60));
                std::vector<size_t> expected;
                for (size_t i = 0; i < num && expected.size() < count; i++)
                    if (!out[i]) expected.push_back(i);
                ASSERT_EQ(s.take(count), expected);
                for (size_t i : expected) out[i] = true;
            } else {
                size_t i = random.below(num);
                ASSERT_EQ(slab_obj_free(s.get(), static_cast<uint32_t>(i)), !out[i]);
                ASSERT_EQ(put(s.get(), static_cast<uint32_t>(i)), out[i]);
                out[i] = false;
            }
            size_t inuse = static_cast<size_t>(std::count(out.begin(), out.end(), true));
            ASSERT_EQ(s->inuse, inuse);
            ASSERT_EQ(slab_count_free(s.get()), num - inuse);
        }
    }
}

// Several at a time against one at a time, with one that is free already, or is none, among them at times.
TEST(slab, several_come_back_as_one_by_one_up_to_the_first_that_is_free) {
    test::random random(5);
    unsigned stopped = 0, wrong = 0;
    for (unsigned num : {1u, 40u, 64u, 200u, 1000u}) {
        slab_on_paper one(48, num);
        slab_on_paper all(48, num);
        for (int step = 0; step < 3000; step++) {
            unsigned count = static_cast<unsigned>(random.between(1, 60));
            ASSERT_EQ(one.take(count), all.take(count));
            uint32_t index[30];
            void* objects[30];
            uint32_t start = static_cast<uint32_t>(random.below(num));
            count = static_cast<unsigned>(random.between(1, 30));
            for (unsigned i = 0; i < count; i++) {
                index[i] = static_cast<uint32_t>(random.one_in(3) ? random.below(num) : (start + i) % num);
                objects[i] = index_to_obj(all.get(), index[i], 48);
            }
            unsigned none = random.one_in(8) ? static_cast<unsigned>(random.below(count)) : count;
            // Into its middle, behind the last, or before the first.
            static const ptrdiff_t kAway[] = {8, 48 * 100000, -48};
            if (none < count) objects[none] = static_cast<char*>(index_to_obj(all.get(), 0, 48)) + kAway[random.below(3)];
            unsigned expected = 0;
            while (expected < none && put(one.get(), index[expected])) expected++;
            ASSERT_EQ(slab_put_objs(all.get(), objects, count, 48, reciprocal_of(48, 48000)), expected);
            if (expected < none) stopped++;
            if (expected == none && none < count) wrong++;
            ASSERT_EQ(one->inuse, all->inuse);
            ASSERT_EQ(one->first_word, all->first_word);
            for (size_t word = 0; word < bufctl_words(num); word++) ASSERT_EQ(one->bufctl[word], all->bufctl[word]);
        }
    }
    EXPECT_GT(stopped, 1000u);
    EXPECT_GT(wrong, 100u);
}

// Against the same done one by one; a range with a free object in it changes nothing.
TEST(slab, a_range_comes_back_as_its_objects_would) {
    test::random random(5);
    for (unsigned num : {1u, 63u, 64u, 65u, 200u, 512u}) {
        for (int round = 0; round < 200; round++) {
            slab_on_paper range(64, num);
            slab_on_paper each(64, num);
            range.take(num);
            each.take(num);
            for (uint32_t i = 0; i < num; i++)
                if (random.one_in(random.below(60) + 1)) {
                    EXPECT_EQ(put(range.get(), i), put(each.get(), i));
                }
            auto from = static_cast<uint32_t>(random.below(num));
            auto count = static_cast<unsigned>(random.below(num - from) + 1);
            bool all_used = true;
            for (uint32_t i = from; i < from + count; i++) all_used = all_used && !slab_obj_free(each.get(), i);
            if (all_used)
                for (uint32_t i = from; i < from + count; i++) put(each.get(), i);
            ASSERT_EQ(slab_put_range(range.get(), from, count), all_used) << num << ' ' << from << ' ' << count;
            ASSERT_EQ(range->inuse, each->inuse);
            ASSERT_EQ(slab_count_free(range.get()), slab_count_free(each.get()));
            ASSERT_EQ(range.take(num), each.take(num)) << "and all are found again";
        }
    }
}

// Every offset of a slab, and some beyond: only starts of objects have an index.
TEST(slab, obj_to_index_is_exact_for_every_offset) {
    for (size_t size : {8, 16, 24, 48, 56, 80, 96, 112, 192, 320, 448, 1000, 1280, 3584, 7168, 8192}) {
        unsigned num = static_cast<unsigned>((size_t{64} << 10) / size);
        slab_on_paper s(size, num, 128);
        uint32_t reciprocal = reciprocal_of(size, size_t{64} << 10);
        ASSERT_NE(reciprocal, 0u);
        for (size_t offset = 0; offset < num * size; offset++) {
            uint32_t expected = offset % size == 0 ? static_cast<uint32_t>(offset / size) : kNoIndex;
            ASSERT_EQ(obj_to_index(s.get(), s->s_mem + offset, s.size(), reciprocal), expected) << size;
            ASSERT_EQ(obj_to_index(s.get(), s->s_mem + offset, s.size(), 0), expected) << size;
        }
        for (size_t beyond = num * size; beyond < num * size + 3 * size; beyond++)
            ASSERT_EQ(obj_to_index(s.get(), s->s_mem + beyond, s.size(), reciprocal), kNoIndex);
        for (size_t before = 1; before < 300; before++)
            ASSERT_EQ(obj_to_index(s.get(), s->s_mem - before, s.size(), reciprocal), kNoIndex);
    }
}

TEST(slab, obj_to_index_refuses_what_aliases_in_47_bits) {
    slab_on_paper s(64, 100);
    uint32_t reciprocal = reciprocal_of(64, 64 << 10);
    for (unsigned bit = 32; bit < 64; bit++) {
        uintptr_t aliased = reinterpret_cast<uintptr_t>(s.object(3)) ^ uintptr_t{1} << bit;
        EXPECT_EQ(obj_to_index(s.get(), reinterpret_cast<void*>(aliased), 64, reciprocal), kNoIndex) << bit;
    }
}

TEST(slab, the_reciprocal_is_zero_where_it_would_not_be_exact) {
    EXPECT_EQ(reciprocal_of(131072, 128 << 10), 0u);
    EXPECT_EQ(reciprocal_of(65536, 64 << 10), 0u);
    test::random random(5);
    for (int i = 0; i < 20000; i++) {
        size_t size = random.between(8, 131072);
        size_t bytes = random.between(1, 32) * 4096;
        uint64_t reciprocal = reciprocal_of(size, bytes);
        if (reciprocal == 0) continue;
        size_t offset = random.below(bytes);
        ASSERT_EQ((offset * reciprocal) >> 32, offset / size) << size << ' ' << offset;
    }
}

}  // namespace
