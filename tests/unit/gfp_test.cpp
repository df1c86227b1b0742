// GFP flags: what an allocation does with each when there is memory, and when KSLAB_LIMIT is reached: its result, and
// whether shrinkers were asked. The same with and without debugging.
// full: gfp.the_matrix_with_debugging
#include <gtest/gtest.h>
#include <sched.h>
#include <string.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/shrinker.h"
#include "support/child.h"

namespace {

using user_cache = struct ::kmem_cache;

// What a program could spare: objects that its shrinker frees.
struct spare {
    std::vector<void*> objects;
    bool willing = true;
    std::atomic<int> counts{0}, scans{0};
    gfp_t seen = 0;
} kept;

unsigned long count_spare(shrinker*, shrink_control* control) {
    kept.counts++;
    kept.seen = control->gfp_mask;
    return kept.willing ? kept.objects.size() : 0;
}

unsigned long scan_spare(shrinker*, shrink_control* control) {
    kept.scans++;
    unsigned long freed = 0;
    for (; freed < control->nr_to_scan && !kept.objects.empty(); freed++) {
        kfree(kept.objects.back());
        kept.objects.pop_back();
    }
    return freed;
}

shrinker the_shrinker = {count_spare, scan_spare, DEFAULT_SEEKS, 0, 0, nullptr, 0};

// A way to allocate: kmalloc of pages or of a class, or a cache.
struct source {
    const char* name;
    size_t size;
    user_cache* cache;

    void* allocate(gfp_t gfp) const { return cache != nullptr ? kmem_cache_alloc(cache, gfp) : kmalloc(size, gfp); }
};

// Everything that those that cannot wait may have.
void exhaust(const source& from, std::vector<void*>& into) {
    while (void* object = from.allocate(GFP_NOWAIT)) into.push_back(object);
}

struct row {
    gfp_t gfp;
    bool willing;  // the shrinker has something
    bool served;   // at the limit
    bool asked;    // whether the shrinker was
};

// With memory available all are served, and no shrinker is asked.
const row rows[] = {
    {GFP_NOWAIT, true, false, false},
    {__GFP_IO | __GFP_FS, true, false, false},  // these alone do not wait
    {GFP_ATOMIC, true, true, false},
    {GFP_ATOMIC | __GFP_NOMEMALLOC, true, false, false},
    {__GFP_MEMALLOC, true, true, false},
    {__GFP_MEMALLOC | __GFP_NOMEMALLOC, true, false, false},
    {GFP_KERNEL, true, true, true},
    {GFP_KERNEL, false, false, true},
    {GFP_USER, true, true, true},
    {GFP_NOIO, true, true, true},
    {GFP_NOFS, true, true, true},
    {GFP_KERNEL | __GFP_NOWARN | __GFP_REPEAT | __GFP_COLD | __GFP_COMP | __GFP_RECLAIMABLE | __GFP_ACCOUNT, true, true, true},
    {GFP_KERNEL | __GFP_NORETRY, true, false, false},
    {GFP_KERNEL | __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN, true, false, false},  // mempool's first try
    {GFP_KERNEL | __GFP_HIGH, true, true, false},
    {GFP_KERNEL | __GFP_HIGH | __GFP_NOMEMALLOC, true, true, true},
    {GFP_KERNEL | __GFP_NOMEMALLOC, true, true, true},
    {GFP_KERNEL | __GFP_THISNODE, true, true, true},
    {GFP_KERNEL | __GFP_THISNODE, false, false, true},
    {GFP_NOWAIT | __GFP_THISNODE, true, false, false},
    {GFP_KERNEL | __GFP_ZERO, true, true, true},
    {GFP_NOWAIT | __GFP_ZERO, true, false, false},
    {GFP_ATOMIC | __GFP_ZERO, true, true, false},
    {GFP_KERNEL | __GFP_NOFAIL, true, true, true},
    {__GFP_NOFAIL, true, true, true},
    {__GFP_NOFAIL | __GFP_HIGH, true, true, false},
};

void expect_row(const source& from, const row& r) {
    SCOPED_TRACE(std::string(from.name) + " row " + std::to_string(&r - rows));
    // Memory is there.
    kept.counts = 0;
    void* object = from.allocate(r.gfp);
    EXPECT_NE(object, nullptr);
    EXPECT_EQ(kept.counts, 0);
    memset(object, 0xff, from.size);
    kfree(object);

    for (int i = 0; i < 40; i++) kept.objects.push_back(from.allocate(GFP_KERNEL));
    std::vector<void*> rest;
    exhaust(from, rest);
    kept.willing = r.willing;
    kept.counts = 0;
    kept.seen = 0;
    object = from.allocate(r.gfp);
    EXPECT_EQ(object != nullptr, r.served);
    EXPECT_EQ(kept.counts > 0, r.asked);
    if (r.asked) {
        EXPECT_EQ(kept.seen & r.gfp & ~__GFP_ZERO, r.gfp & ~__GFP_ZERO);
    }
    if (object != nullptr && (r.gfp & __GFP_ZERO) != 0) {
        for (size_t i = 0; i < from.size; i++) ASSERT_EQ(static_cast<char*>(object)[i], 0) << i;
    }
    kfree(object);
    for (void* each : rest) kfree(each);
    for (void* each : kept.objects) kfree(each);
    kept.objects.clear();
    if (from.cache != nullptr) {
        EXPECT_EQ(kmem_cache_shrink(from.cache), 0);
    }
    kslab::trim_everything();
}

CHILD_PROGRAM(matrix) {
    ASSERT_EQ(register_shrinker(&the_shrinker), 0);
    kfree(kmalloc(64, GFP_KERNEL));
    user_cache* cache = kmem_cache_create("limited", 4000, 0, 0, nullptr);
    const source sources[] = {{"pages", 65536, nullptr}, {"class", 4096, nullptr}, {"cache", 4000, cache}};
    for (const source& from : sources)
        for (const row& r : rows) expect_row(from, r);
    kmem_cache_destroy(cache);
    unregister_shrinker(&the_shrinker);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

void expect_child(const char* child, const std::vector<std::string>& environment) {
    test::outcome end = test::rerun(child, environment);
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(gfp, the_matrix) { expect_child("matrix", {"KSLAB_LIMIT=16M"}); }
TEST(gfp, the_matrix_with_debugging) { expect_child("matrix", {"KSLAB_LIMIT=16M", "KSLAB_DEBUG=FZPQ"}); }
TEST(gfp, the_matrix_with_statistics) { expect_child("matrix", {"KSLAB_LIMIT=16M", "KSLAB_STATS=1"}); }
TEST(gfp, the_matrix_on_two_nodes) { expect_child("matrix", {"KSLAB_LIMIT=16M", "KSLAB_NODES=2"}); }

// The reserve is a sixteenth of the limit, and it ends.
CHILD_PROGRAM(reserve) {
    const source pages{"pages", 65536, nullptr};
    std::vector<void*> rest;
    exhaust(pages, rest);
    size_t atomic = 0;
    while (void* object = kmalloc(65536, GFP_ATOMIC)) {
        rest.push_back(object);
        atomic++;
    }
    EXPECT_GE(atomic, 14u);
    EXPECT_LE(atomic, 17u);
    EXPECT_EQ(kmalloc(65536, GFP_KERNEL | __GFP_HIGH), nullptr);
    for (void* each : rest) kfree(each);
}
TEST(gfp, the_reserve_ends) { expect_child("reserve", {"KSLAB_LIMIT=16M"}); }

// Nothing can be spared: the allocation waits until another thread frees.
CHILD_PROGRAM(nofail) {
    ASSERT_EQ(register_shrinker(&the_shrinker), 0);
    kept.willing = false;
    for (size_t size : {size_t{65536}, size_t{4096}}) {
        const source from{"waits", size, nullptr};
        std::vector<void*> rest;
        while (void* object = from.allocate(GFP_KERNEL)) rest.push_back(object);
        kept.counts = 0;
        std::atomic<bool> served{false};
        std::thread waits([&] {
            void* object = from.allocate(GFP_KERNEL | __GFP_NOFAIL);
            EXPECT_NE(object, nullptr);
            served = true;
            kfree(object);
        });
        while (kept.counts < 5) sched_yield();  // it has tried more than once
        EXPECT_FALSE(served);
        for (void* each : rest) kfree(each);
        // What this thread's array holds it gives up at its next slow operation.
        while (!served) kfree(kmalloc(400000, GFP_NOWAIT));
        waits.join();
    }
    EXPECT_EQ(kmalloc(~size_t{0}, GFP_KERNEL | __GFP_NOFAIL), nullptr) << "what cannot be is not waited for";
    EXPECT_EQ(kmalloc(~size_t{0} - 4096, GFP_KERNEL), nullptr);
    EXPECT_EQ(kmalloc((~size_t{0} >> 1) + 1, GFP_KERNEL | __GFP_NOFAIL), nullptr);
}
TEST(gfp, nofail_waits_for_others) { expect_child("nofail", {"KSLAB_LIMIT=16M"}); }
TEST(gfp, nofail_waits_for_others_with_debugging) { expect_child("nofail", {"KSLAB_LIMIT=16M", "KSLAB_DEBUG=FZPQ"}); }

void expect_no_grow() {
    user_cache* cache = kmem_cache_create("nogrow", 64, 0, SLAB_NO_MERGE, nullptr);
    EXPECT_EQ(kmem_cache_alloc(cache, GFP_KERNEL | SLAB_NO_GROW), nullptr) << "the cache has no slab";
    EXPECT_EQ(kmem_cache_alloc(cache, GFP_KERNEL | SLAB_NO_GROW | __GFP_NOFAIL), nullptr);
    std::vector<void*> objects{kmem_cache_alloc(cache, GFP_KERNEL)};
    while (void* object = kmem_cache_alloc(cache, GFP_KERNEL | SLAB_NO_GROW)) objects.push_back(object);
    size_t slab = objects.size();
    EXPECT_GT(slab, 10u);
    kmem_cache_free(cache, objects.back());
    objects.back() = kmem_cache_alloc(cache, SLAB_NO_GROW);
    EXPECT_NE(objects.back(), nullptr) << "one was free";
    EXPECT_EQ(kmem_cache_alloc(cache, SLAB_NO_GROW), nullptr);
    objects.push_back(kmem_cache_alloc(cache, GFP_KERNEL));
    while (void* object = kmem_cache_alloc(cache, SLAB_NO_GROW)) objects.push_back(object);
    EXPECT_GE(objects.size(), 2 * slab);
    for (void* object : objects) kmem_cache_free(cache, object);
    kmem_cache_destroy(cache);
}
CHILD_PROGRAM(no_grow) { expect_no_grow(); }
TEST(gfp, no_grow_takes_what_the_cache_has) {
    expect_no_grow();
    expect_child("no_grow", {"KSLAB_DEBUG=FZPQ"});
    expect_child("no_grow", {"KSLAB_STATS=1"});
}

void expect_zeroed() {
    user_cache* cache = kmem_cache_create("zeroed", 300, 0, SLAB_NO_MERGE, nullptr);
    for (size_t size : {1, 8, 9, 16, 40, 64, 300, 4096, 8192, 8193, 50000, 300000}) {
        for (int round = 0; round < 5; round++) {
            void* dirty = kmalloc(size, GFP_KERNEL);
            memset(dirty, 0xee, size);
            kfree(dirty);
            for (void* object : {kmalloc(size, GFP_KERNEL | __GFP_ZERO), kzalloc(size, GFP_ATOMIC), kcalloc(1, size, GFP_NOWAIT)}) {
                for (size_t i = 0; i < size; i++) ASSERT_EQ(static_cast<char*>(object)[i], 0) << size << ' ' << i;
                memset(object, 0xee, size);
                kfree(object);
            }
        }
    }
    for (int round = 0; round < 5; round++) {
        for (void* object : {kmem_cache_alloc(cache, __GFP_ZERO), kmem_cache_zalloc(cache, GFP_KERNEL)}) {
            for (size_t i = 0; i < 300; i++) ASSERT_EQ(static_cast<char*>(object)[i], 0) << i;
            memset(object, 0xee, 300);
            kmem_cache_free(cache, object);
        }
    }
    kmem_cache_destroy(cache);
}
CHILD_PROGRAM(zeroed) { expect_zeroed(); }
TEST(gfp, zero_clears_what_was_dirty) {
    expect_zeroed();
    expect_child("zeroed", {"KSLAB_DEBUG=FZPUQ"});
    expect_child("zeroed", {"KSLAB_DEBUG=full"});
}

}  // namespace
