// Whole free pages inside a slab: which they are, and what happens while they are held for purging.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <vector>

#include "slab/slab.h"
#include "support/random.h"

namespace {

using namespace kslab;

struct geometry {
    uint32_t size;
    unsigned num;
    size_t colour;
};

constexpr geometry kGeometries[] = {{16, 4096, 0},  {48, 1365, 0},  {48, 1364, 64}, {320, 204, 0},  {640, 25, 64},
                                    {3072, 21, 0},  {3072, 5, 512}, {8192, 8, 0},   {4096, 16, 0},  {5120, 12, 1024},
                                    {100000, 1, 64}};

char* const kStart = reinterpret_cast<char*>(uintptr_t{0x7f1234000000});

void put(slab* s, uint32_t index) { EXPECT_TRUE(slab_put_obj(s, index)); }

class slab_case {
public:
    explicit slab_case(const geometry& of) : g(of) {
        s = static_cast<slab*>(calloc(1, slab_descriptor_bytes(g.num)));
        slab_init(s, nullptr, nullptr, kStart + g.colour, g.num);
    }
    ~slab_case() { free(s); }
    slab_case(const slab_case&) = delete;
    slab_case& operator=(const slab_case&) = delete;

    // Byte by byte: the pages that the slab's objects reach and that no object in use touches.
    uint32_t expected_mask() const {
        std::set<size_t> reached, touched;
        for (uint32_t i = 0; i < s->num; i++) {
            size_t first = g.colour + size_t{i} * g.size;
            for (size_t page = first / 4096; page <= (first + g.size - 1) / 4096; page++) {
                reached.insert(page);
                if (!slab_obj_free(s, i)) touched.insert(page);
            }
        }
        uint32_t mask = 0;
        // Pages that lie wholly before the first object belong to the slab, too.
        for (size_t page = 0; page <= *reached.rbegin(); page++)
            if (touched.count(page) == 0 && (s->purged >> page & 1) == 0) mask |= 1u << page;
        return mask;
    }

    void use_randomly(test::random& random, size_t keep_one_in) {
        std::vector<void*> out(s->num);
        slab_get_objs(s, out.data() + s->num, s->num, g.size);
        for (uint32_t i = 0; i < s->num; i++)
            if (!random.one_in(keep_one_in)) put(s, i);
    }

    const geometry g;
    slab* s = nullptr;
};

TEST(slab_pages, the_mask_is_right_whatever_is_in_use) {
    for (const geometry& g : kGeometries) {
        slab_case c(g);
        slab* s = c.s;
        SCOPED_TRACE(testing::Message() << g.num << " objects of " << g.size << " from " << g.colour);
        test::random random(6);
        EXPECT_EQ(slab_free_pages(s, g.size), c.expected_mask());
        for (int round = 0; round < 60; round++) {
            c.use_randomly(random, size_t{1} << random.below(11));
            ASSERT_EQ(slab_free_pages(s, g.size), c.expected_mask());
            for (uint32_t i = 0; i < s->num; i++)
                if (!slab_obj_free(s, i)) put(s, i);
        }
    }
}

TEST(slab_pages, held_objects_are_in_use_until_they_are_put_back) {
    for (const geometry& g : kGeometries) {
        slab_case c(g);
        slab* s = c.s;
        SCOPED_TRACE(testing::Message() << g.num << " objects of " << g.size << " from " << g.colour);
        test::random random(7);
        c.use_randomly(random, s->num / 4 + 1);
        unsigned before = s->inuse;
        uint32_t mask = slab_free_pages(s, g.size);
        unsigned held = slab_hold_pages(s, mask, g.size, true);
        EXPECT_EQ(s->inuse, before + held);
        EXPECT_EQ(slab_count_free(s) + s->inuse, s->num);
        for (uint32_t i = 0; i < s->num; i++) {
            size_t first = g.colour + size_t{i} * g.size;
            bool on_held = false;
            for (size_t page = first / 4096; page <= (first + g.size - 1) / 4096; page++)
                on_held |= (mask >> page & 1) != 0;
            if (on_held) {
                ASSERT_FALSE(slab_obj_free(s, i)) << i;
            }
        }
        EXPECT_EQ(slab_hold_pages(s, mask, g.size, false), held);
        EXPECT_EQ(s->inuse, before);
        EXPECT_EQ(slab_free_pages(s, g.size), mask);
    }
}

// What was held lies before first_word's word, perhaps: it must be found again.
TEST(slab_pages, objects_put_back_are_handed_out_again) {
    for (const geometry& g : kGeometries) {
        slab_case c(g);
        slab* s = c.s;
        SCOPED_TRACE(testing::Message() << g.num << " objects of " << g.size << " from " << g.colour);
        uint32_t mask = slab_free_pages(s, g.size);
        slab_hold_pages(s, mask, g.size, true);
        std::vector<void*> out(s->num);
        unsigned rest = slab_get_objs(s, out.data() + s->num, s->num, g.size);
        slab_hold_pages(s, mask, g.size, false);
        unsigned again = slab_get_objs(s, out.data() + s->num, s->num, g.size);
        EXPECT_EQ(rest + again, s->num);
        EXPECT_EQ(s->inuse, s->num);
    }
}

TEST(slab_pages, purged_pages_are_forgotten_when_their_objects_are_handed_out) {
    for (const geometry& g : kGeometries) {
        slab_case c(g);
        slab* s = c.s;
        SCOPED_TRACE(testing::Message() << g.num << " objects of " << g.size << " from " << g.colour);
        uint32_t all = slab_free_pages(s, g.size);
        s->purged = all;
        EXPECT_EQ(slab_free_pages(s, g.size), 0u);
        void* first = nullptr;
        slab_get_objs(s, &first + 1, 1, g.size);
        size_t offset = static_cast<size_t>(static_cast<char*>(first) - kStart);
        for (size_t page = offset / 4096; page <= (offset + g.size - 1) / 4096; page++)
            EXPECT_EQ(s->purged >> page & 1, 0u) << page;
        put(s, 0);
        EXPECT_EQ(slab_free_pages(s, g.size), all & ~s->purged);
    }
}

}  // namespace
