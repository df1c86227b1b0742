// KSLAB_STATS=1: hits and misses of the size classes that malloc and kmalloc use, and of users' caches, against a model that
// knows the limits of arrays only.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cache/report.h"
#include "cache/kmem_cache.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/clock.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using user_cache = struct ::kmem_cache;

kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

struct counts {
    size_t alloc_hit = 0, alloc_miss = 0, free_hit = 0, free_miss = 0;
};

// Counted beside each operation, from what the array holds before it.
struct shadow {
    explicit shadow(user_cache* of) : cache(inside(of)), before(read()) {}

    counts read() const {
        const kslab::cache_counts& c = cache->counts;
        return {c.alloc_hit, c.alloc_miss, c.free_hit, c.free_miss};
    }
    const kslab::array_cache* array() const {
        kslab::array_cache* ac = kslab::thread_array(kslab::attached_thread(), cache);
        return ac;
    }
    void will_allocate() { (array()->avail > 0 ? expected.alloc_hit : expected.alloc_miss)++; }
    void will_free() { (array()->avail < array()->limit ? expected.free_hit : expected.free_miss)++; }
    void check() const {
        counts now = read();
        ASSERT_EQ(now.alloc_hit - before.alloc_hit, expected.alloc_hit);
        ASSERT_EQ(now.alloc_miss - before.alloc_miss, expected.alloc_miss);
        ASSERT_EQ(now.free_hit - before.free_hit, expected.free_hit);
        ASSERT_EQ(now.free_miss - before.free_miss, expected.free_miss);
    }

    kslab::kmem_cache* cache;
    counts before, expected;
    size_t live = 0;
};

// Of one kind; frees and allocations in long runs, so that arrays fill, empty and overflow.
template <typename Allocate, typename Free>
void expect_counted(user_cache* cache, Allocate allocate, Free release) {
    shadow s(cache);
    test::random random(5);
    std::vector<void*> live;
    bool growing = true;
    size_t allocations = 0, frees = 0, most_out = 0;
    for (int step = 0; step < 20000; step++) {
        if (random.one_in(400)) growing = !growing;
        if (live.empty() || (growing && live.size() < 5000 && !random.one_in(8))) {
            s.will_allocate();
            live.push_back(allocate());
            allocations++;
        } else {
            size_t at = random.below(live.size());
            std::swap(live[at], live.back());
            s.will_free();
            release(live.back());
            live.pop_back();
            frees++;
        }
        const kslab::cache_node& node = s.cache->node;
        size_t out = node.num_objects - node.free_objects;
        ASSERT_GE(out, live.size());
        most_out = std::max(most_out, out);
        if (step % 1000 == 0) s.check();
    }
    for (void* object : live) {
        s.will_free();
        release(object);
        frees++;
    }
    s.check();
    EXPECT_EQ(s.expected.alloc_hit + s.expected.alloc_miss, allocations);
    EXPECT_EQ(s.expected.free_hit + s.expected.free_miss, frees);
    EXPECT_GT(s.expected.alloc_miss, 10u);
    EXPECT_GT(s.expected.free_miss, 10u);
    // Refills raise the mark, within an operation too: it is no lower than what was seen between two.
    EXPECT_GE(s.cache->high, most_out);
    EXPECT_LE(s.cache->high, most_out + 120);
    const kslab::cache_node& node = s.cache->node;
    EXPECT_LE(node.num_slabs + node.reaped, node.grown);
    EXPECT_GE(node.allocs, s.expected.alloc_miss);
    EXPECT_LE(node.max_freeable, node.grown);
    EXPECT_GE(node.max_freeable, node.num_free);
}

CHILD_PROGRAM(counted) {
    user_cache* mine = kmem_cache_create("counted", 200, 0, 0, nullptr);
    expect_counted(
        mine, [=] { return kmem_cache_alloc(mine, GFP_KERNEL); }, [=](void* object) { kmem_cache_free(mine, object); });
    for (size_t size : {8, 40, 64, 1000, 3000}) {
        SCOPED_TRACE(size);
        expect_counted(kmem_find_general_cachep(size, 0), [=] { return kmalloc(size, GFP_KERNEL); }, [](void* object) { kfree(object); });
    }
    kmem_cache_destroy(mine);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(general_stats, hits_and_misses_are_those_of_the_arrays) {
    test::outcome end = test::rerun("counted", {"KSLAB_STATS=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(uncounted) {
    for (int i = 0; i < 1000; i++) kfree(kmalloc(40, GFP_KERNEL));
    kslab::cache_counts& c = inside(kmem_find_general_cachep(40, 0))->counts;
    EXPECT_EQ(c.alloc_hit + c.alloc_miss + c.free_hit + c.free_miss, 0u);
}

TEST(general_stats, nothing_is_counted_unless_asked) {
    EXPECT_EQ(test::rerun("uncounted", {"KSLAB_STATS=0"}).exit_code, 0);
}

}  // namespace
