// Whole free pages inside slabs: which go back to the system, and when, while objects around them stay. Time stands still.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "pages/page_map.h"
#include "pages/run.h"
#include "slab/slab.h"
#include "support/baton.h"
#include "thread/slots.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

class purged_pages : public testing::Test {
protected:
    void SetUp() override {
        clock_set_source([](uint64_t& milliseconds) {
            milliseconds = 1000000;
            return true;
        });
        cache = reinterpret_cast<kslab::kmem_cache*>(kmem_cache_create("pages", 64, 0, 0, nullptr));
    }
    void TearDown() override { kmem_cache_destroy(reinterpret_cast<user_cache*>(cache)); }

    void* allocate() { return kmem_cache_alloc(reinterpret_cast<user_cache*>(cache), 0); }
    void release(void* object) { kmem_cache_free(reinterpret_cast<user_cache*>(cache), object); }
    void release_kept() {
        for (void* object : kept) release(object);
        kept.clear();
        drain_this_thread();
    }
    // So many objects more, of which every `nth` stays: most pages of each slab are free, but no slab is.
    void grow_and_drop(size_t count, size_t nth) {
        cache_node& node = cache->at(0);
        node.pages_went = 0;
        node.patience = 0;
        std::vector<void*> all;
        for (size_t i = 0; i < count; i++) all.push_back(allocate());
        for (size_t i = 0; i < count; i++)
            if (i % nth == 0)
                kept.push_back(all[i]);
            else
                release(all[i]);
        drain_this_thread();
    }
    bool went() { return cache->at(0).pages_went > 0; }

    kslab::kmem_cache* cache;
    std::vector<void*> kept;
};

// Of 16 pages three are free in each slab: fewer than a call to the system is worth, but time, and trimming, take them.
TEST_F(purged_pages, of_a_slab_a_quarter_goes_or_what_is_left_by_time) {
    cache_node& node = cache->at(0);
    for (int i = 0; i < 64 * 1024; i++) kept.push_back(allocate());
    std::set<const slab*> full;
    for (void* object : kept)
        if (const slab* s = page_owner_of(object).slab(); s->inuse == s->num && s->pages->pages == 16) full.insert(s);
    purge_slab_pages(cache, node, pages_wanted::all);  // what nobody had yet
    std::vector<void*> rest;
    for (void* object : kept) {
        const slab* s = page_owner_of(object).slab();
        bool first_pages = reinterpret_cast<uintptr_t>(object) - s->pages->start < 3 * kPageSize;
        if (first_pages && full.contains(s))
            release(object);
        else
            rest.push_back(object);
    }
    kept.swap(rest);
    drain_this_thread();
    drain_shared(cache, node);
    EXPECT_EQ(purge_slab_pages(cache, node, pages_wanted::many), 0u);
    EXPECT_GT(purge_slab_pages(cache, node, pages_wanted::all), 40u);
    EXPECT_STREQ(validate_heap(), nullptr);
    release_kept();
}

// Some slabs have a page of colour before their first object.
TEST_F(purged_pages, what_stays_is_whole) {
    size_t colour = 0;
    for (size_t size : {1500, 3000, 5000, 5442, 6137, 7000}) {
        kslab::kmem_cache* of = class_for(size);
        std::vector<unsigned char*> objects;
        for (unsigned i = 0; i < 3000; i++) {
            objects.push_back(static_cast<unsigned char*>(memset(kmalloc(size, 0), static_cast<int>(i % 251 + 1), size)));
            const slab* s = page_owner_of(objects.back()).slab();
            colour = std::max(colour, reinterpret_cast<uintptr_t>(s->s_mem) - s->pages->start);
        }
        for (unsigned i = 0; i < objects.size(); i++)
            if (i % 5 != 0) kfree(objects[i]);
        drain_this_thread();
        drain_shared(of);
        EXPECT_GT(purge_slab_pages(of), 100u) << size;
        for (unsigned i = 0; i < objects.size(); i += 5) {
            EXPECT_TRUE(std::all_of(objects[i], objects[i] + size, [i](unsigned char c) { return c == i % 251 + 1; })) << size << ' ' << i;
            kfree(objects[i]);
        }
        drain_this_thread();
    }
    EXPECT_GE(colour, kPageSize) << "or this proves little";
}

// What may wait in runs may wait inside slabs, and so may pages of a program whose objects move from size to size.
TEST_F(purged_pages, wait_until_half_of_all_slabs_is_free) {
    constexpr size_t kMany = (size_t{24} << 20) / 64;
    grow_and_drop((size_t{12} << 20) / 64, 512);
    EXPECT_FALSE(went()) << "12 MiB may wait";
    release_kept();
    std::vector<void*> others;
    while (others.size() < (size_t{32} << 20) / 448) others.push_back(kmalloc(448, 0));
    grow_and_drop(kMany, 512);
    EXPECT_FALSE(went()) << "more is in use";
    release_kept();
    for (size_t half = others.size() / 2; others.size() > half; others.pop_back()) kfree(others.back());
    drain_this_thread();
    grow_and_drop(kMany, 512);
    EXPECT_TRUE(went()) << "three fifths are free";
    release_kept();
    for (void* object : others) kfree(object);
    drain_this_thread();
}

// 24 MiB of which one object in every third or eighth page stays, so that two or seven pages in a row are free.
TEST_F(purged_pages, of_which_few_are_in_a_row_wait_longer_where_calls_interrupt_other_threads) {
    constexpr size_t kMany = (size_t{24} << 20) / 64;
    constexpr size_t kInThird = 3 * 64, kInEighth = 8 * 64;
    std::vector<void*> others;
    while (others.size() < (size_t{12} << 20) / 448) others.push_back(kmalloc(448, 0));
    grow_and_drop(kMany, kInThird);
    EXPECT_TRUE(went()) << "two thirds are free, and nobody is interrupted";
    release_kept();
    test::baton_thread other;
    grow_and_drop(kMany, kInThird);
    EXPECT_FALSE(went());
    release_kept();
    grow_and_drop(kMany, kInEighth);
    EXPECT_TRUE(went());
    release_kept();
    for (; others.size() > (size_t{3} << 20) / 448; others.pop_back()) kfree(others.back());
    drain_this_thread();
    grow_and_drop(kMany, kInThird);
    EXPECT_TRUE(went()) << "eight ninths are free";
    release_kept();
    for (void* object : others) kfree(object);
    drain_this_thread();
}

// Few objects that come and go, beside many free pages that went once.
TEST_F(purged_pages, what_is_wanted_again_stays) {
    cache_node& node = cache->at(0);
    grow_and_drop((size_t{24} << 20) / 64, 512);
    ASSERT_TRUE(went());
    std::vector<void*> some(40000);
    auto come_and_go = [&] {
        for (void*& object : some) object = allocate();
        for (void* object : some) release(object);
    };
    for (int i = 0; i < 8; i++) come_and_go();
    EXPECT_GT(node.patience, 0u);
    node.pages_went = 0;
    for (int i = 0; i < 8; i++) come_and_go();
    EXPECT_FALSE(went());
    release_kept();
}

TEST_F(purged_pages, slabs_that_leave_are_not_wanted_again) {
    cache_node& node = cache->at(0);
    grow_and_drop((size_t{24} << 20) / 64, 512);
    ASSERT_TRUE(went());
    size_t free_then = node.free_objects;
    for (size_t most = kept.size() / 4; kept.size() > most; kept.pop_back()) release(kept.back());
    drain_this_thread();
    ASSERT_LT(node.free_objects, free_then / 2);
    for (int i = 0; i < 1000; i++) kept.push_back(allocate());
    EXPECT_EQ(node.patience, 0u);
    release_kept();
}

// What was refused while much was in use is not forgotten.
TEST_F(purged_pages, of_all_size_classes_go_when_half_is_free) {
    struct objects_of_size {
        cache_node& node;
        std::vector<void*> objects;
        objects_of_size(size_t size, size_t bytes) : node(class_for(size)->at(0)) {
            for (size_t i = 0; i < bytes / size; i++) objects.push_back(kmalloc(size, 0));
        }
        void drop() {  // of each slab most pages are free then, but no slab is
            for (size_t i = 0; i < objects.size(); i++)
                if (i % 128 != 0) kfree(objects[i]);
            drain_this_thread();
        }
    };
    objects_of_size large(448, size_t{24} << 20);
    objects_of_size small(80, size_t{32} << 20);
    large.drop();
    EXPECT_EQ(large.node.pages_went, 0u) << "more is in use";
    EXPECT_GT(large.node.net_returned, 0u);
    small.drop();
    EXPECT_GT(small.node.pages_went, 0u);
    EXPECT_GT(large.node.pages_went, 0u) << "its pages went with those of the other";
    for (auto* each : {&large, &small})
        for (size_t i = 0; i < each->objects.size(); i += 128) kfree(each->objects[i]);
    drain_this_thread();
    EXPECT_STREQ(validate_heap(), nullptr);
}

}  // namespace
