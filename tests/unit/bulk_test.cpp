// Many objects at once: their content, all or none, across arrays' ends, and with what single operations do.
#include <gtest/gtest.h>
#include <string.h>

#include <set>
#include <string>
#include <vector>

#include "cache/kmem_cache.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using user_cache = struct ::kmem_cache;

constexpr size_t kSize = 136;

void construct(void* object) { memset(object, 'c', kSize); }

struct many {
    explicit many(size_t count) : objects(count) {}
    std::vector<void*> objects;
    void** data() { return objects.data(); }
    size_t size() const { return objects.size(); }
};

void expect_counts(user_cache* cache) {
    for (size_t count : {0, 1, 2, 15, 16, 17, 30, 31, 59, 60, 61, 119, 120, 121, 240, 1000, 5000}) {
        many got(count);
        ASSERT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, count, got.data()), static_cast<int>(count));
        EXPECT_EQ(std::set<void*>(got.objects.begin(), got.objects.end()).size(), count) << "one object twice";
        EXPECT_EQ(std::count(got.objects.begin(), got.objects.end(), nullptr), 0);
        for (size_t i = 0; i < count; i++) memset(got.objects[i], static_cast<int>(i), kSize);
        for (size_t i = 0; i < count; i++)
            ASSERT_EQ(static_cast<unsigned char*>(got.objects[i])[kSize - 1], static_cast<unsigned char>(i));
        kmem_cache_free_bulk(cache, count, got.data());
        ASSERT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, count, got.data()), static_cast<int>(count));
        for (void* object : got.objects)
            for (size_t i = 0; i < kSize; i++) ASSERT_EQ(static_cast<char*>(object)[i], 0);
        kmem_cache_free_bulk(cache, count, got.data());
    }
    EXPECT_EQ(kmem_cache_shrink(cache), 0) << "objects were lost";
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// Bulk and single operations in any order, against a set.
void expect_mixture(user_cache* cache) {
    test::random random(7);
    std::set<void*> live;
    void* some[200];
    for (int step = 0; step < 3000 / static_cast<int>(kSanitizerFactor); step++) {
        size_t count = random.between(1, random.one_in(4) ? 200 : 20);
        if (live.size() < count || random.one_in(2)) {
            if (random.one_in(3)) {
                for (size_t i = 0; i < count; i++) some[i] = kmem_cache_alloc(cache, GFP_KERNEL);
            } else {
                ASSERT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, count, some), static_cast<int>(count));
            }
            for (size_t i = 0; i < count; i++) ASSERT_TRUE(live.insert(some[i]).second);
            continue;
        }
        size_t holes = 0;
        for (size_t i = 0; i < count; i++) {
            some[i] = nullptr;
            if (random.one_in(5)) {
                holes++;
                continue;
            }
            auto at = random.one_in(2) ? live.begin() : std::prev(live.end());
            some[i] = *at;
            live.erase(at);
        }
        if (random.one_in(3)) {
            for (size_t i = 0; i < count; i++) kmem_cache_free(cache, some[i]);
        } else {
            kmem_cache_free_bulk(cache, count, some);
        }
    }
    for (void* object : live) kmem_cache_free(cache, object);
    EXPECT_EQ(kmem_cache_shrink(cache), 0);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

void expect_bulk() {
    user_cache* cache = kmem_cache_create("bulk", kSize, 0, SLAB_NO_MERGE, nullptr);
    expect_counts(cache);
    expect_mixture(cache);
    void* nulls[50] = {};
    kmem_cache_free_bulk(cache, 50, nulls);
    kmem_cache_free_bulk(cache, 0, nullptr);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

CHILD_PROGRAM(bulk) { expect_bulk(); }

TEST(bulk, counts_contents_and_mixtures) { expect_bulk(); }

TEST(bulk, the_same_in_every_mode) {
    for (const char* option : {"KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=1", "KSLAB_STATS=1", "KSLAB_NODES=3", "KSLAB_THREAD_CACHE=4096"}) {
        test::outcome end = test::rerun("bulk", {option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

TEST(bulk, caches_with_debugging_of_their_own) {
    for (unsigned long flags : {SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER}) {
        user_cache* cache = kmem_cache_create("checked", kSize, 0, flags, nullptr);
        expect_counts(cache);
        expect_mixture(cache);
        kmem_cache_destroy(cache);
    }
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(bulk, objects_come_constructed) {
    for (unsigned long flags : {0ul, SLAB_POISON, SLAB_RED_ZONE}) {
        user_cache* cache = kmem_cache_create("constructed", kSize, 0, flags, construct);
        for (int round = 0; round < 3; round++) {
            many got(500);
            ASSERT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 500, got.data()), 500);
            for (void* object : got.objects)
                for (size_t i = 0; i < kSize; i++) ASSERT_EQ(static_cast<char*>(object)[i], 'c');
            kmem_cache_free_bulk(cache, 500, got.data());
        }
        kmem_cache_destroy(cache);
    }
}

size_t out_of_slabs(user_cache* cache) {
    auto* c = reinterpret_cast<kslab::kmem_cache*>(cache);
    return c->node.num_objects - c->node.free_objects;
}

// More than there is: none is served, and none is lost.
CHILD_PROGRAM(partial) {
    user_cache* cache = kmem_cache_create("partial", 4096, 0, SLAB_NO_MERGE, nullptr);
    for (int round = 0; round < 3; round++) {
        many too_many(8000);
        EXPECT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, too_many.size(), too_many.data()), 0);
        many enough(1000);  // with redzones twice as large
        ASSERT_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, enough.size(), enough.data()), 1000);
        EXPECT_EQ(kmem_cache_alloc_bulk(cache, GFP_NOWAIT, too_many.size(), too_many.data()), 0);
        kmem_cache_free_bulk(cache, enough.size(), enough.data());
        EXPECT_EQ(kmem_cache_shrink(cache), 0);
        EXPECT_EQ(out_of_slabs(cache), 0u);
    }
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(bulk, is_all_or_nothing) {
    for (const char* option : {"KSLAB_DEBUG=", "KSLAB_DEBUG=FZP", "KSLAB_STATS=1"}) {
        test::outcome end = test::rerun("partial", {"KSLAB_LIMIT=16M", option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

CHILD_PROGRAM(injected) {
    user_cache* cache = kmem_cache_create("injected", kSize, 0, 0, nullptr);
    int served = 0;
    for (int i = 0; i < 100; i++) {
        void* objects[7];
        int got = kmem_cache_alloc_bulk(cache, GFP_KERNEL, 7, objects);
        EXPECT_TRUE(got == 0 || got == 7);
        served += got == 7;
        if (got != 0) kmem_cache_free_bulk(cache, 7, objects);
    }
    EXPECT_GT(served, 0);
    EXPECT_LT(served, 100);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(bulk, a_failure_in_the_middle_loses_nothing) {
    test::outcome end = test::rerun("injected", {"KSLAB_DEBUG=FZA", "KSLAB_FAIL=every:10"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

}  // namespace
