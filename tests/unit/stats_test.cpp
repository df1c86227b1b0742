// Statistics against an exact count, and what trimming gives back.
#include "kmalloc/stats.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kslab.h"
#include "pages/page_allocator.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using namespace kslab;

heap_stats stats;

TEST(stats, agree_with_an_exact_count) {
    test::random random(41);
    std::vector<void*> live;
    std::map<size_t, size_t> count_of;  // by class
    size_t small = 0, large = 0, large_bytes = 0;
    for (int step = 0; step < 20000 / static_cast<int>(kSanitizerFactor); step++) {
        bool grow = live.size() < 2000 && random.below(10) < (step / 2000 % 2 == 0 ? 7u : 3u);
        void* object = grow || live.empty() ? kmalloc(random.doubling(800000), 0) : live[random.below(live.size())];
        size_t size = ksize(object);
        bool added = grow || live.empty();
        size_t sign = added ? 1 : ~size_t{0};
        if (size <= kLargestWholePages) {
            small += sign * size;
            count_of[size] += sign;
        } else {
            large += sign;
            large_bytes += sign * size;
        }
        if (added) {
            live.push_back(object);
        } else {
            std::erase(live, object);
            kfree(object);
        }
        if (step % 50 != 0) continue;
        heap_stats_read(stats);
        ASSERT_EQ(stats.small_used, small);
        ASSERT_EQ(stats.large_count, large);
        ASSERT_EQ(stats.large_pages * kPageSize, large_bytes);
        for (unsigned i = 0; i < stats.caches; i++)
            ASSERT_EQ(stats.cache[i].active, count_of[stats.cache[i].object_size]) << stats.cache[i].name;
    }
    for (void* object : live) kfree(object);
}

TEST(trim, everything_that_nobody_uses_goes_back) {
    std::vector<void*> objects;
    for (int i = 0; i < 30000; i++) objects.push_back(memset(kmalloc(500, 0), 1, 500));
    void* large = memset(kmalloc(3000000, 0), 1, 3000000);
    size_t resident = all_pages.stats().used;
    kfree(large);
    for (void* object : objects) kfree(object);
    EXPECT_GT(resident * kPageSize, size_t{17} << 20);
    size_t released = kslab_trim();
    EXPECT_GT(released + (size_t{8} << 20), resident * kPageSize - (size_t{17} << 20));
    page_stats after = all_pages.stats();
    EXPECT_EQ(after.dirty, 0u);
    EXPECT_EQ(after.used, 0u);
    EXPECT_EQ(kslab_trim(), 0u) << "nothing was left";
    EXPECT_STREQ(validate_heap(), nullptr);
}

// One object in each page's worth keeps its slab, but not the pages that it does not touch.
TEST(trim, free_pages_inside_slabs_go_back_and_the_rest_is_untouched) {
    std::vector<char*> objects;
    for (int i = 0; i < 20000; i++) {
        objects.push_back(static_cast<char*>(kmalloc(500, 0)));
        memset(objects.back(), i, 500);
    }
    for (size_t i = 0; i < objects.size(); i++)
        if (i % 100 != 0) kfree(objects[i]);
    std::set<uintptr_t> pages;
    for (char* object : objects) pages.insert(align_down(reinterpret_cast<uintptr_t>(object), kPageSize));
    EXPECT_GE(pages.size(), 20000u / 8);
    kslab_trim();
    // Whether freeing or trimming purged them: only the pages of the 200 objects are left.
    size_t resident = 0;
    for (uintptr_t page : pages) {
        unsigned char state = 0;
        if (mincore(reinterpret_cast<void*>(page), kPageSize, &state) == 0) resident += state & 1;
    }
    EXPECT_LE(resident, 200u);
    for (size_t i = 0; i < objects.size(); i += 100)
        for (size_t byte = 0; byte < 500; byte++) ASSERT_EQ(objects[i][byte], static_cast<char>(i)) << i;
    EXPECT_STREQ(validate_heap(), nullptr);
    for (size_t i = 0; i < objects.size(); i += 100) kfree(objects[i]);
}

}  // namespace
