// Pages that come in one call: which are resident before anybody touched them. Each case runs in a process of its own.
// full: pages/large_objects.no_more_when_one_was_used_in_part/*
#include "pages/populate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/kslab.h"
#include "os/memory.h"
#include "pages/page_allocator.h"
#include "pages/page_map.h"
#include "support/residency.h"
#include "thread/thread.h"

namespace {

using namespace kslab;

using test::all_zero;
using test::resident;

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
    bool yes = resident(page, 1) == 1;
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

TEST(populate, pages_that_were_given_back_come_with_the_objects_that_want_them) {
    if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    auto* user = kmem_cache_create("wanted_again", 1024, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    std::vector<void*> stay, go;
    for (int i = 0; i < 4000; i++) (i % 64 == 0 ? stay : go).push_back(kmem_cache_alloc(user, GFP_KERNEL));
    for (void* object : stay) std::memset(object, 1, 1024);
    for (void* object : go) kmem_cache_free(user, std::memset(object, 1, 1024));
    drain_this_thread();
    drain_shared(cache);
    ASSERT_GT(purge_slab_pages(cache), 500u);
    for (void*& object : go) object = kmem_cache_alloc(user, GFP_KERNEL);
    auto on_resident = std::count_if(go.begin(), go.end(), [](const void* object) {
        return resident(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(object) & ~(kPageSize - 1)), 1) == 1;
    });
    EXPECT_GT(on_resident, 3500);
    for (auto* objects : {&stay, &go})
        for (void* object : *objects) kmem_cache_free(user, object);
    kmem_cache_destroy(user);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(populate, a_slab_comes_whole_where_another_lay_whose_pages_had_gone) {
    if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
    auto* user = kmem_cache_create("moves_in", 1024, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    std::vector<void*> stay, go;
    for (int i = 0; i < 2000; i++) stay.push_back(std::memset(kmem_cache_alloc(user, GFP_KERNEL), 1, 1024));
    for (int i = 0; i < 2000; i++) (i % 64 == 0 ? stay : go).push_back(std::memset(kmem_cache_alloc(user, GFP_KERNEL), 1, 1024));
    for (void* object : go) kmem_cache_free(user, object);
    drain_this_thread();
    drain_shared(cache);
    ASSERT_GT(purge_slab_pages(cache), 200u);
    for (; stay.size() > 2000; stay.pop_back()) kmem_cache_free(user, stay.back());
    drain_this_thread();
    drain_shared(cache);
    drain_slabs_free(cache->node, ~size_t{0});
    for (int i = 0; i < 1000; i++) stay.push_back(kmem_cache_alloc(user, GFP_KERNEL));
    const slab* s = slab_of(stay.back());
    EXPECT_EQ(resident(s->pages->memory(), s->pages->pages), s->pages->pages) << "of memory that was neither fresh nor all there";
    EXPECT_NE(s->pages->content, run_content::zero);
    for (void* object : stay) kmem_cache_free(user, object);
    kmem_cache_destroy(user);
}

TEST(populate, a_run_remembers_that_some_of_its_pages_went_back) {
    boot();
    run* r = all_pages.allocate({.pages = 16});
    ASSERT_NE(r, nullptr);
    uintptr_t start = r->start;
    EXPECT_FALSE(r->mixed);
    release_run(r, run_content::dirty, true);
    r = all_pages.allocate({.pages = 16});
    ASSERT_EQ(r->start, start);
    EXPECT_TRUE(r->mixed);
    release_run(r);
    run* part = all_pages.allocate({.pages = 8});
    ASSERT_EQ(part->start, start);
    EXPECT_FALSE(part->mixed);
    release_run(part, run_content::dirty, true);
    r = all_pages.allocate({.pages = 16});
    ASSERT_EQ(r->start, start) << "the parts are one again";
    EXPECT_TRUE(r->mixed);
    release_run(r, run_content::zero, true);
    r = all_pages.allocate({.pages = 16});
    ASSERT_EQ(r->content, run_content::zero);
    EXPECT_FALSE(r->mixed) << "none of them is resident";
    release_run(r, run_content::zero);
}

class large_objects : public testing::TestWithParam<size_t> {
protected:
    const size_t pages = GetParam();
    void SetUp() override {
        if (!supported()) GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE";
        ballast_ = kmalloc(4 * pages * kPageSize, GFP_KERNEL | __GFP_ZERO);
    }
    void TearDown() override {
        for (void* buffer : kept_) kfree(buffer);
        kfree(ballast_);
        EXPECT_STREQ(validate_heap(), nullptr);
    }

    char* get_fresh(size_t count, gfp_t gfp = GFP_KERNEL) {
        kslab_trim();
        all_pages.purge_all();
        return static_cast<char*>(kmalloc(count * kPageSize, gfp));
    }
    static bool is_whole(const void* buffer, size_t count) {
        size_t have = resident(buffer, count);
        EXPECT_TRUE(have == 0 || have == count) << have;
        return have != 0;
    }
    // Whether a fresh one was resident when it came; then every `step`th page of it is used, and it goes.
    bool use(size_t step) {
        char* buffer = get_fresh(pages);
        bool whole = is_whole(buffer, pages);
        for (size_t page = 0; page < pages; page += step) buffer[page * kPageSize] = 1;
        kfree(buffer);
        return whole;
    }
    unsigned whole_among(unsigned count, size_t step) {
        unsigned whole = 0;
        for (unsigned i = 0; i < count; i++) whole += use(step);
        return whole;
    }
    bool comes_whole(size_t count, gfp_t gfp = GFP_KERNEL) {
        kept_.push_back(get_fresh(count, gfp));
        return is_whole(kept_.back(), count);
    }

    std::vector<void*> kept_;
    void* ballast_ = nullptr;
};

TEST_P(large_objects, come_whole_when_another_was_used_whole) {
    EXPECT_FALSE(use(1)) << "nothing is known yet";
    EXPECT_TRUE(comes_whole(pages));
}

TEST_P(large_objects, come_whole_as_long_as_they_are_used_whole) { EXPECT_EQ(whole_among(40, 1), 39u); }

TEST_P(large_objects, of_other_sizes_do_not_count) {
    use(1);
    EXPECT_FALSE(comes_whole(pages * 2));
    EXPECT_FALSE(comes_whole(pages / 2));
    EXPECT_FALSE(comes_whole(3));
    EXPECT_TRUE(comes_whole(pages));
}

TEST_P(large_objects, no_more_when_one_was_used_in_part) {
    EXPECT_GT(whole_among(20, 1), 10u);
    for (size_t step : {2u, 4u, 8u, 32u}) {
        if (step > pages) continue;
        EXPECT_EQ(whole_among(40, step), 1u) << "the next after one that was used whole; " << step;
        EXPECT_GT(whole_among(40, 1), 10u) << "nor is that for ever";
    }
}

TEST_P(large_objects, not_when_they_are_asked_for_cleared) {
    use(1);
    EXPECT_FALSE(comes_whole(pages, GFP_KERNEL | __GFP_ZERO));
    EXPECT_TRUE(comes_whole(pages));
}

TEST_P(large_objects, nobody_wastes_more_than_was_paid_for) {
    whole_among(40, 1);
    unsigned whole = 0;
    for (int i = 0; i < 30; i++) whole += comes_whole(pages);
    EXPECT_LE(whole, 4u);
}

TEST_P(large_objects, not_when_they_are_more_than_a_quarter_of_what_is_in_use) {
    use(1);
    kfree(std::exchange(ballast_, nullptr));
    kslab_trim();
    EXPECT_FALSE(comes_whole(pages));
}

TEST_P(large_objects, may_be_inaccessible_when_they_are_freed) {
    char* buffer = get_fresh(pages);
    ASSERT_EQ(mprotect(buffer, pages * kPageSize, PROT_NONE), 0);
    kfree(buffer);
    kslab_trim();  // objects of a class have waited so far
    mprotect(buffer, pages * kPageSize, PROT_READ | PROT_WRITE);  // fails where it was unmapped
    EXPECT_FALSE(comes_whole(pages)) << "that was no sign of use";
}

TEST_P(large_objects, may_grow_while_they_are_watched) {
    auto* buffer = get_fresh(pages);
    buffer = static_cast<char*>(krealloc(buffer, size_t{100} << 20, GFP_KERNEL));
    ASSERT_NE(buffer, nullptr);
    kfree(buffer);
    EXPECT_FALSE(comes_whole(pages));
}

TEST_P(large_objects, what_is_copied_into_them_comes_at_once) {
    for (size_t copied = 1; copied <= pages; copied += pages / 4) {
        char* buffer = get_fresh(pages);
        prepare_for_copy(buffer, copied * kPageSize - 100);
        // Not done for classes: an object from an array is resident.
        bool comes = copied >= 4 && pages * kPageSize > kLargestWholePages;
        EXPECT_EQ(resident(buffer, pages), comes ? copied : 0) << copied;
        kept_.push_back(buffer);
    }
}

INSTANTIATE_TEST_SUITE_P(pages, large_objects, testing::Values(4, 5, 16, 56, 256, 2000));

TEST(populate, huge_objects_are_left_alone) {
    constexpr size_t kHuge = (size_t{64} << 20);
    void* ballast = kmalloc(kHuge * 8, GFP_KERNEL | __GFP_ZERO);
    for (int i = 0; i < 2; i++) {
        auto* bytes = static_cast<char*>(kmalloc(kHuge, GFP_KERNEL));
        EXPECT_EQ(resident(bytes, 1), 0u);
        std::memset(bytes, 1, kHuge);
        kfree(bytes);
        all_pages.purge_all();
    }
    kfree(ballast);
}

}  // namespace
