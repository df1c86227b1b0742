// Size classes beyond 8 KiB, whose slabs are one object each: what waits for the next allocation, where, and for whom.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/group.h"
#include "kslab/kmalloc.h"
#include "kslab/kslab.h"
#include "pages/page_allocator.h"
#include "support/child.h"

namespace {

using namespace kslab;

constexpr size_t kSizes[] = {8193, 12288, 20000, 65536, 100000, 131072, 262144};

class whole_pages : public testing::Test {
protected:
    void SetUp() override {
        kfree(kmalloc(100, 0));
        kslab_trim();
    }
    void TearDown() override { EXPECT_STREQ(validate_heap(), nullptr); }
};

size_t waiting_slabs(const kslab::kmem_cache* cache) { return cache->node.num_free; }

std::vector<void*> get(size_t count, size_t size) {
    std::vector<void*> objects;
    for (size_t i = 0; i < count; i++) objects.push_back(memset(kmalloc(size, 0), 1, size));
    return objects;
}

TEST_F(whole_pages, what_krealloc_moved_is_a_run_that_grows_in_place) {
    void* object = kmalloc(9000, 0);
    EXPECT_NE(page_owner_of(object).slab(), nullptr);
    object = krealloc(object, 20000, 0);
    ASSERT_NE(page_owner_of(object).run(), nullptr);
    void* grown = krealloc(object, 30000, 0);
    EXPECT_EQ(grown, object) << "nothing lies behind it";
    kfree(grown);
    object = krealloc(kmalloc(100, 0), 20000, 0);
    EXPECT_NE(page_owner_of(object).run(), nullptr);
    kfree(object);
}

TEST_F(whole_pages, the_last_freed_serves_the_next_request_of_its_size) {
    for (size_t size : kSizes) {
        void* first = kmalloc(size, 0);
        void* second = kmalloc(size, 0);
        kfree(second);
        EXPECT_EQ(kmalloc(size, 0), second) << size;
        kfree(second);
        kfree(first);
        EXPECT_EQ(kmalloc(size, 0), first) << size;
        kfree(first);
        drain_this_thread();  // there is room for so much only
    }
}

TEST_F(whole_pages, an_array_holds_sixteen_and_the_threads_room) {
    for (size_t size : kSizes) {
        kslab::kmem_cache* cache = class_for(size);
        EXPECT_EQ(cache->limit, 16u) << size;
        for (void* object : get(40, size)) kfree(object);
        const array_cache* ac = array_at(current_thread, cache->slot);
        EXPECT_GE(ac->avail, 1u) << size;
        EXPECT_LE(ac->avail, ac->limit) << size;
        EXPECT_LE(current_thread->reserved, current_thread->room) << size;
        EXPECT_GE(ac->limit, size <= 12288 ? 16u : size <= 20480 ? 8u : 1u) << size << ": what the room allows";
        drain_this_thread();
    }
}

// Anything else is the page allocator's, and serves all sizes.
TEST_F(whole_pages, little_else_waits_in_a_process_of_one_thread) {
    for (size_t size : kSizes) {
        kslab::kmem_cache* cache = class_for(size);
        size_t pages = all_pages.stats().used;
        for (void* object : get(40, size)) kfree(object);
        EXPECT_LE(waiting_slabs(cache) * cache->size, size_t{64} << 10) << size;
        EXPECT_EQ(cache->node.shared.avail, 0u) << size;
        EXPECT_EQ(cache->node.num_slabs, array_at(current_thread, cache->slot)->avail + waiting_slabs(cache)) << size;
        drain_this_thread();
        EXPECT_LE(all_pages.stats().used, pages + ((size_t{64} << 10) >> kPageShift)) << size;
        kslab_trim();
    }
}

TEST_F(whole_pages, with_threads_some_pass_from_one_to_the_other) {
    constexpr size_t kSize = 20000;
    kslab::kmem_cache* cache = class_for(kSize);
    std::vector<void*> made;
    std::thread([&] { made = get(32, kSize); }).join();
    for (void* object : made) kfree(object);
    EXPECT_EQ(cache->node.shared.limit, 16u) << "two batches of eight";
    EXPECT_GT(cache->node.shared.avail, 0u);
    EXPECT_GT(waiting_slabs(cache), 0u);
    EXPECT_LE(cache->node.free_objects, cache->node.free_limit);
    EXPECT_LE(cache->node.free_limit * cache->size, size_t{1} << 20);
    size_t slabs = cache->node.num_slabs;
    std::thread([&] { made = get(12, kSize); }).join();
    EXPECT_EQ(cache->node.num_slabs, slabs) << "those that waited";
    for (void* object : made) kfree(object);
    kslab_trim();
    EXPECT_EQ(cache->node.num_slabs, 0u);
    EXPECT_EQ(cache->node.shared.avail, 0u);
}

size_t resident_pages(void* start, size_t bytes) {
    std::vector<unsigned char> states(bytes / kPageSize);
    EXPECT_EQ(mincore(start, bytes, states.data()), 0);
    return static_cast<size_t>(std::count_if(states.begin(), states.end(), [](unsigned char state) { return (state & 1) != 0; }));
}

TEST_F(whole_pages, what_has_to_read_as_zero_is_not_touched_when_it_is_fresh) {
    for (size_t size : kSizes) {
        kslab_trim();
        void* cleared = kzalloc(size, 0);
        const run* r = page_owner_of(cleared).run();
        ASSERT_NE(r, nullptr) << size;
        EXPECT_EQ(resident_pages(r->memory(), r->pages * kPageSize), 0u) << size;
        kfree(cleared);
    }
}

TEST_F(whole_pages, what_is_at_hand_is_cleared) {
    for (size_t size : kSizes) {
        void* used = get(1, size)[0];
        kfree(used);
        auto* cleared = static_cast<char*>(kzalloc(size, 0));
        EXPECT_EQ(cleared, used) << size;
        EXPECT_EQ(std::count(cleared, cleared + size, 0), static_cast<ptrdiff_t>(size)) << size;
        kfree(cleared);
        drain_this_thread();
    }
}

TEST_F(whole_pages, the_slab_is_the_object) {
    for (size_t size = 8193; size <= kLargestWholePages; size += 1000) {
        void* object = kmalloc(size, 0);
        const slab* s = page_owner_of(object).slab();
        ASSERT_NE(s, nullptr) << size;
        EXPECT_EQ(s->num, 1u) << size;
        EXPECT_EQ(s->pages->pages * kPageSize, ksize(object)) << size;
        kfree(object);
    }
}

TEST_F(whole_pages, a_group_is_charged_for_the_class) {
    int id = kslab_group_create("whole pages", size_t{1} << 20);
    ASSERT_GT(id, 0);
    int before = kslab_group_enter(id);
    std::vector<void*> objects;
    while (void* object = kmalloc(100000, 0)) objects.push_back(object);
    EXPECT_EQ(objects.size(), (size_t{1} << 20) / 114688);
    kslab_group_leave(before);
    for (void* object : objects) kfree(object);
    EXPECT_EQ(kslab_group_destroy(id), 0);
}

// Each is a slab, but no sign of a program that fills one size after the other.
TEST_F(whole_pages, their_slabs_do_not_make_arrays_idle) {
    uint32_t made = current_thread->slabs_made;
    for (void* object : get(200, 65536)) kfree(object);
    EXPECT_EQ(current_thread->slabs_made, made);
}

TEST_F(whole_pages, of_low_memory_are_low) {
    auto* object = static_cast<char*>(kmalloc(20000, GFP_KERNEL | GFP_DMA));
    ASSERT_NE(object, nullptr);
    EXPECT_LT(reinterpret_cast<uintptr_t>(object), uintptr_t{2} << 30);
    EXPECT_EQ(page_owner_of(object).slab()->num, 1u);
    kfree(object);
    kslab_trim();
    EXPECT_EQ(low_pages.stats().used, 0u);
}

TEST_F(whole_pages, krealloc_between_them_keeps_what_is_there) {
    char* object = static_cast<char*>(kmalloc(8193, 0));
    memset(object, 7, 8193);
    for (size_t size = 8193; size < 200000; size += 3000) {
        object = static_cast<char*>(krealloc(object, size, 0));
        ASSERT_EQ(std::count(object, object + 8193, 7), 8193) << size;
        ASSERT_GE(ksize(object), size);
    }
    kfree(object);
}

CHILD_PROGRAM(whole_pages_debugged) {
    EXPECT_EQ(kmalloc_caches.largest, 8192u);
    void* object = kmalloc(20000, 0);
    EXPECT_NE(page_owner_of(object).run(), nullptr) << "a run, with a redzone of its own";
    kfree(object);
}
TEST(whole_pages_elsewhere, under_debugging_there_are_none) {
    test::outcome end = test::rerun("whole_pages_debugged", {"KSLAB_DEBUG=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(whole_pages_without_room) { EXPECT_EQ(kmalloc_caches.largest, 8192u); }
TEST(whole_pages_elsewhere, where_arrays_have_no_room_there_are_none) {
    for (const char* room : {"KSLAB_THREAD_CACHE=0", "KSLAB_THREAD_CACHE=255K"}) {
        test::outcome end = test::rerun("whole_pages_without_room", {room});
        EXPECT_EQ(end.exit_code, 0) << room << end.report;
    }
}

CHILD_PROGRAM(whole_pages_in_profile_kmalloc) {
    EXPECT_EQ(kmalloc_caches.largest, 8192u);
    void* object = kmalloc(20000, 0);
    EXPECT_NE(page_owner_of(object).run(), nullptr);
    kfree(object);
}
TEST(whole_pages_elsewhere, profile_kmalloc_ends_at_8192) {
    test::outcome end = test::rerun("whole_pages_in_profile_kmalloc", {"KSLAB_CLASSES=kmalloc"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(whole_pages_in_kernel_geometry) {
    const kslab::kmem_cache* cache = class_for(20000);
    EXPECT_EQ(cache->object_size, 32768u);
    EXPECT_FALSE(of_whole_pages(cache));
    EXPECT_EQ(cache->shared_factor, 0u);
    void* cleared = kzalloc(20000, 0);
    EXPECT_NE(page_owner_of(cleared).slab(), nullptr);
    kfree(cleared);
    for (void* object : get(40, 20000)) kfree(object);
    EXPECT_GT(waiting_slabs(cache), 0u) << "as the kernel's free_limit says";
}
TEST(whole_pages_elsewhere, the_kernels_geometry_treats_them_as_others) {
    test::outcome end = test::rerun("whole_pages_in_kernel_geometry", {"KSLAB_GEOMETRY=kernel"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

}  // namespace
