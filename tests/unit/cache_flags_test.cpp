// What flags of creation do to addresses and slabs: alignment to cache lines, orders, low memory.
#include <gtest/gtest.h>
#include <string.h>

#include <string>
#include <vector>

#include "cache/kmem_cache.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"

namespace {

using user_cache = struct ::kmem_cache;

kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }
uintptr_t address(const void* p) { return reinterpret_cast<uintptr_t>(p); }

std::vector<void*> take(user_cache* cache, size_t count, gfp_t gfp = GFP_KERNEL) {
    std::vector<void*> objects(count);
    for (void*& object : objects) object = kmem_cache_alloc(cache, gfp);
    return objects;
}

void give(user_cache* cache, const std::vector<void*>& objects) {
    for (void* object : objects) kmem_cache_free(cache, object);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

// The kernel's rule: a line, halved as long as two objects fit into one half.
size_t line_part(size_t size) {
    size_t line = 64;
    while (size <= line / 2) line /= 2;
    return line;
}

void expect_lines() {
    for (size_t size : {8, 9, 16, 17, 24, 32, 33, 40, 63, 64, 65, 100, 200, 1000, 5000})
        for (unsigned long flags : {SLAB_HWCACHE_ALIGN, SLAB_MUST_HWCACHE_ALIGN, SLAB_HWCACHE_ALIGN | SLAB_RED_ZONE,
                                    SLAB_MUST_HWCACHE_ALIGN | SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER}) {
            user_cache* cache = kmem_cache_create("lines", size, 0, flags | SLAB_NO_MERGE, nullptr);
            std::vector<void*> objects = take(cache, 300);
            for (void* object : objects) {
                ASSERT_EQ(address(object) % line_part(size), 0u) << size;
                if (size <= 64) {
                    ASSERT_EQ(address(object) / 64, (address(object) + size - 1) / 64) << "an object in two lines";
                }
                memset(object, 1, size);
            }
            give(cache, objects);
        }
}

CHILD_PROGRAM(lines) { expect_lines(); }

TEST(cache_flags, hardware_alignment) {
    expect_lines();
    for (const char* option : {"KSLAB_DEBUG=FZPU", "KSLAB_GEOMETRY=kernel"}) {
        test::outcome end = test::rerun("lines", {option});
        EXPECT_EQ(end.exit_code, 0) << option << end.report;
    }
}

CHILD_PROGRAM(orders) {
    for (size_t size : {8, 24, 100, 512, 1000, 1300, 1500, 2048, 2500, 4000, 4096})
        for (unsigned long flags : {0ul, SLAB_RED_ZONE, SLAB_POISON}) {
            if (flags == SLAB_RED_ZONE && size % 2048 == 0) continue;  // aligned to itself it fills two pages and more
            user_cache* cache = kmem_cache_create("reclaim", size, 0, SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE | flags, nullptr);
            std::vector<void*> objects = take(cache, 2000);
            kslab::cache_node& node = inside(cache)->node;
            EXPECT_EQ(node.num_pages, node.num_slabs) << size << ' ' << flags;
            EXPECT_GE(node.num_slabs, 2000 * size / 4096);
            give(cache, objects);
        }
}

TEST(cache_flags, reclaimable_slabs_have_order_0) {
    for (const char* option : {"KSLAB_DEBUG=", "KSLAB_GEOMETRY=kernel"}) {
        test::outcome end = test::rerun("orders", {option});
        EXPECT_EQ(end.exit_code, 0) << option << end.report;
    }
}

// ---- Low memory

void expect_low() {
    for (size_t size : {8, 100, 4096, 100000, 131072})
        for (unsigned long flags : {0ul, SLAB_RED_ZONE | SLAB_POISON, SLAB_HWCACHE_ALIGN, SLAB_RECLAIM_ACCOUNT}) {
            user_cache* cache = kmem_cache_create("low", size, 0, SLAB_CACHE_DMA | SLAB_NO_MERGE | flags, nullptr);
            std::vector<void*> objects = take(cache, 30, GFP_KERNEL | GFP_DMA);
            for (void* object : objects) {
                ASSERT_NE(object, nullptr);
                ASSERT_LT(address(object) + size, uintptr_t{1} << 31) << size;
                memset(object, 1, size);
            }
            give(cache, objects);
        }
    for (size_t size : {1, 8, 9, 100, 4096, 8192, 8193, 40000, 1 << 20}) {
        auto* p = static_cast<char*>(kmalloc(size, GFP_KERNEL | GFP_DMA));
        ASSERT_NE(p, nullptr);
        memset(p, 7, size);
        ASSERT_GE(ksize(p), size);
        p = static_cast<char*>(krealloc(p, size * 3, GFP_KERNEL | GFP_DMA));
        ASSERT_LT(address(p) + size * 3, uintptr_t{1} << 31) << size;
        for (size_t i = 0; i < size; i++) ASSERT_EQ(p[i], 7);
        auto* zeros = static_cast<char*>(kzalloc(size, GFP_DMA));
        ASSERT_LT(address(zeros) + size, uintptr_t{1} << 31);
        for (size_t i = 0; i < size; i++) ASSERT_EQ(zeros[i], 0);
        kfree(zeros);
        kfree_sensitive(p);
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

CHILD_PROGRAM(low) { expect_low(); }

TEST(cache_flags, low_memory_is_below_2_gib) {
    expect_low();
    for (const char* option : {"KSLAB_DEBUG=FZPUQ", "KSLAB_DEBUG=full", "KSLAB_STATS=1"}) {
        test::outcome end = test::rerun("low", {option});
        EXPECT_EQ(end.exit_code, 0) << option << end.report;
    }
}

// kmem_flagcheck of the kernel: seen when the cache grows.
TEST(cache_flags, low_memory_is_for_those_who_ask_for_it) {
    user_cache* low = kmem_cache_create("low", 64, 0, SLAB_CACHE_DMA, nullptr);
    user_cache* high = kmem_cache_create("high", 64, 0, 0, nullptr);
    test::outcome end = test::in_fork([low] { kmem_cache_alloc(low, GFP_KERNEL); });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, "kslab: kmem_cache_alloc(low): its memory is below 2 GiB, but GFP_DMA is missing\n");
    end = test::in_fork([high] { kmem_cache_alloc(high, GFP_KERNEL | GFP_DMA); });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, "kslab: kmem_cache_alloc(high): GFP_DMA, but the cache has no SLAB_CACHE_DMA\n");
    end = test::in_fork([low] { kmem_cache_free(low, kmem_cache_alloc(low, GFP_DMA)); });
    EXPECT_EQ(end.exit_code, 0);
    end = test::in_fork([high] { kmem_cache_free(high, kmem_cache_alloc(high, GFP_ATOMIC)); });
    EXPECT_EQ(end.exit_code, 0);
    kmem_cache_destroy(low);
    kmem_cache_destroy(high);
}

}  // namespace
