// Pages that come in one call: which are resident before anybody touched them. Each case runs in a process of its own.
#include "kmalloc/populate.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/run_cache.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/memory.h"
#include "pages/page_allocator.h"
#include "pages/page_map.h"

namespace {

using namespace kslab;

size_t resident(const void* start, size_t pages) {
    size_t count = 0;
    for (size_t i = 0; i < pages; i++)
        count += os_resident(reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(start) + i * kPageSize));
    return count;
}

bool all_zero(const void* start, size_t bytes) {
    const auto* words = static_cast<const uint64_t*>(start);
    for (size_t i = 0; i < bytes / sizeof *words; i++)
        if (words[i] != 0) return false;
    return true;
}

TEST(populate, pages_are_resident_and_zero) {
    constexpr size_t kPages = 16;
    void* pages = os_map(kPages * kPageSize);
    ASSERT_NE(pages, nullptr);
    EXPECT_EQ(resident(pages, kPages), 0u);
    os_populate(pages, 4 * kPageSize);
    if (resident(pages, kPages) == 0) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    EXPECT_EQ(resident(pages, kPages), 4u);
    static_cast<char*>(pages)[5] = 1;
    os_populate(pages, kPages * kPageSize);
    EXPECT_EQ(resident(pages, kPages), kPages);
    EXPECT_EQ(static_cast<char*>(pages)[5], 1) << "what was there stays";
    static_cast<char*>(pages)[5] = 0;
    EXPECT_TRUE(all_zero(pages, kPages * kPageSize));
    os_unmap(pages, kPages * kPageSize);
}

TEST(populate, a_kernel_that_does_not_know_how_changes_nothing) {
    void* pages = os_map(4 * kPageSize);
    os_populate_forget(true);
    os_populate(pages, 4 * kPageSize);
    EXPECT_EQ(resident(pages, 4), 0u);
    os_populate_forget(false);
    os_unmap(pages, 4 * kPageSize);
}

bool supported() {
    void* page = os_map(kPageSize);
    os_populate(page, kPageSize);
    bool yes = os_resident(page);
    os_unmap(page, kPageSize);
    return yes;
}

const slab* slab_of(const void* object) { return page_owner_of(object).slab(); }

// Nobody writes to the objects: only what the allocator did to the pages is seen.
TEST(populate, slabs_of_a_large_cache_and_not_those_of_a_small_one) {
    if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    auto* user = kmem_cache_create("populated", 1024, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    std::vector<void*> objects;
    std::vector<const slab*> slabs;
    while (slabs.size() < 40) {
        objects.push_back(kmem_cache_alloc(user, GFP_KERNEL));
        const slab* s = slab_of(objects.back());
        if (!slabs.empty() && s == slabs.back()) continue;
        slabs.push_back(s);
        size_t before = cache->node.num_pages - s->pages->pages;
        size_t expected = before >= 8 * s->pages->pages ? s->pages->pages : 0;
        EXPECT_EQ(resident(s->pages->memory(), s->pages->pages), expected) << "slab " << slabs.size();
        EXPECT_TRUE(expected == 0 || all_zero(s->pages->memory(), s->pages->pages * kPageSize));
    }
    EXPECT_GT(resident(slabs.back()->pages->memory(), slabs.back()->pages->pages), 0u);
    for (void* object : objects) kmem_cache_free(user, object);
    kmem_cache_destroy(user);
}

class large_objects : public testing::TestWithParam<size_t> {
protected:
    const size_t pages = GetParam();
    void SetUp() override {
        if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    }
    void TearDown() override {
        for (void* buffer : kept_) kfree(buffer);
        EXPECT_STREQ(validate_heap(), nullptr);
    }

    // A fresh one, all of which is resident when it comes, or nothing.
    bool comes_whole(size_t count, gfp_t gfp = GFP_KERNEL) {
        run_cache_drain(true);
        all_pages.purge_all();
        kept_.push_back(kmalloc(count * kPageSize, gfp));
        size_t have = resident(kept_.back(), count);
        EXPECT_TRUE(have == 0 || have == count) << have;
        return have != 0;
    }
    // Its user touches every `step`th page of the newest from `from` on.
    void touch(size_t count, size_t step, size_t from = 0) {
        for (size_t page = from; page < count; page += step) static_cast<char*>(kept_.back())[page * kPageSize] = 1;
    }
    unsigned whole_among(unsigned count, size_t step) {
        unsigned whole = 0;
        for (unsigned i = 0; i < count; i++) {
            whole += comes_whole(pages);
            touch(pages, step);
        }
        return whole;
    }

private:
    std::vector<void*> kept_;
};

TEST_P(large_objects, come_whole_when_another_was_used_whole) {
    EXPECT_FALSE(comes_whole(pages)) << "nothing is known yet";
    touch(pages, 1);
    EXPECT_TRUE(comes_whole(pages));
    EXPECT_EQ(whole_among(40, 1), 30u) << "one in four is watched";
}

TEST_P(large_objects, when_the_pages_of_the_other_were_warm_nothing_is_known) {
    comes_whole(pages);
    touch(pages, 1);
    kfree(kmalloc(pages * kPageSize, GFP_KERNEL));
    void* warm = kmalloc(pages * kPageSize, GFP_KERNEL);
    EXPECT_TRUE(comes_whole(pages)) << "that was the first one's merit";
    kfree(warm);
}

TEST_P(large_objects, of_other_sizes_do_not_count) {
    comes_whole(pages);
    touch(pages, 1);
    EXPECT_FALSE(comes_whole(pages * 2));
    EXPECT_FALSE(comes_whole(pages / 2));
    EXPECT_FALSE(comes_whole(3));
    EXPECT_TRUE(comes_whole(pages));
}

TEST_P(large_objects, no_more_when_one_was_used_in_part) {
    EXPECT_GT(whole_among(20, 1), 10u);
    for (size_t step : {2u, 4u, 8u, 32u}) {
        if (step > pages) continue;
        whole_among(4, step);  // until one is watched
        EXPECT_EQ(whole_among(20, step), 0u) << step;
        EXPECT_GT(whole_among(20, 1), 10u);
    }
}

TEST_P(large_objects, not_when_they_are_asked_for_cleared) {
    whole_among(2, 1);
    EXPECT_FALSE(comes_whole(pages, GFP_KERNEL | __GFP_ZERO));
    EXPECT_TRUE(comes_whole(pages));
}

TEST_P(large_objects, nobody_wastes_more_than_was_paid_for) {
    whole_among(40, 1);
    unsigned whole = 0;
    for (int i = 0; i < 60; i++) whole += comes_whole(pages);
    EXPECT_LE(whole, 8u);
}

TEST_P(large_objects, memory_that_is_gone_is_no_evidence) {
    void* other = kmalloc(pages * kPageSize, GFP_KERNEL);
    std::memset(other, 1, pages * kPageSize);
    kfree(other);
    EXPECT_FALSE(comes_whole(pages));
}

INSTANTIATE_TEST_SUITE_P(pages, large_objects, testing::Values(4, 5, 16, 56, 256, 2000));

TEST(populate, huge_objects_are_left_alone) {
    constexpr size_t kHuge = (size_t{128} << 20);
    for (int i = 0; i < 2; i++) {
        auto* bytes = static_cast<char*>(kmalloc(kHuge, GFP_KERNEL));
        EXPECT_EQ(resident(bytes, 1), 0u);
        std::memset(bytes, 1, kHuge);
        kfree(bytes);
        all_pages.purge_all();
    }
}

}  // namespace
