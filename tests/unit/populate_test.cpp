// Pages that come in one call: which are resident before anybody touched them. Each case runs in a process of its own.
#include "kmalloc/populate.h"

#include <gtest/gtest.h>

#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
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
        size_t expected = before >= 16 * s->pages->pages ? s->pages->pages : 0;
        EXPECT_EQ(resident(s->pages->memory(), s->pages->pages), expected) << "slab " << slabs.size();
        EXPECT_TRUE(expected == 0 || all_zero(s->pages->memory(), s->pages->pages * kPageSize));
    }
    EXPECT_GT(resident(slabs.back()->pages->memory(), slabs.back()->pages->pages), 0u);
    for (void* object : objects) kmem_cache_free(user, object);
    kmem_cache_destroy(user);
}

class big_buffers : public testing::Test {
protected:
    static constexpr size_t kPages = 512;
    void SetUp() override {
        if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    }
    void TearDown() override { EXPECT_STREQ(validate_heap(), nullptr); }

    // Used in every `step`th page from the second on, freed, and purged: what is allocated next is fresh.
    static void use(size_t pages, size_t step) {
        auto* bytes = static_cast<char*>(kmalloc(pages * kPageSize, GFP_KERNEL));
        for (size_t page = step == 1 ? 0 : 1; page < pages; page += step) bytes[page * kPageSize] = 1;
        kfree(bytes);
        all_pages.purge_all();
    }
    static size_t resident_in_next(size_t pages, gfp_t gfp = GFP_KERNEL) {
        all_pages.purge_all();
        void* buffer = kmalloc(pages * kPageSize, gfp);
        size_t count = resident(buffer, pages);
        if (count > 0) {
            EXPECT_EQ(count, pages);
        }
        kept.push_back(buffer);
        return count;
    }
    static inline std::vector<void*> kept;  // freeing them would be seen as well
};

TEST_F(big_buffers, come_whole_after_four_that_were_used_whole) {
    for (int i = 0; i < 3; i++) use(kPages, 1);
    EXPECT_EQ(resident_in_next(kPages), 0u) << "three are not enough";
    use(kPages, 1);
    EXPECT_EQ(resident_in_next(kPages), kPages);
    EXPECT_EQ(resident_in_next(2 * kPages), 2 * kPages);
    EXPECT_EQ(resident_in_next(kPages), kPages);
    EXPECT_EQ(resident_in_next(kPages), 0u) << "one in four is watched";
}

TEST_F(big_buffers, not_when_they_are_larger_than_any_that_was_seen) {
    for (int i = 0; i < 4; i++) use(kPages, 1);
    EXPECT_EQ(resident_in_next(2 * kPages + 256), 0u);
    EXPECT_EQ(resident_in_next(128), 0u) << "nor small ones";
}

TEST_F(big_buffers, no_more_when_one_was_used_in_part) {
    for (size_t step : {2u, 4u, 8u, 64u}) {
        for (int i = 0; i < 8; i++) use(kPages, 1);
        for (int i = 0; i < 4; i++) use(kPages, step);  // one of them is watched
        for (int i = 0; i < 4; i++) EXPECT_EQ(resident_in_next(kPages), 0u) << step;
    }
}

TEST_F(big_buffers, not_when_they_are_asked_for_cleared) {
    for (int i = 0; i < 4; i++) use(kPages, 1);
    EXPECT_EQ(resident_in_next(kPages, GFP_KERNEL | __GFP_ZERO), 0u);
    EXPECT_EQ(resident_in_next(kPages), kPages);
}

// What was resident all along says nothing, and what was populated neither.
TEST_F(big_buffers, only_as_many_as_were_seen_to_be_used_pay_for) {
    for (int i = 0; i < 20; i++) use(kPages, 1);
    size_t populated = 0;
    for (int i = 0; i < 40; i++) populated += resident_in_next(kPages) / kPages;
    EXPECT_GT(populated, 0u);
    EXPECT_LE(populated, 8u);
}

}  // namespace
