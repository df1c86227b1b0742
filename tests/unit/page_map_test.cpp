#include "pages/page_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <set>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/kslab.h"
#include "slab/slab.h"
#include "pages/page_allocator.h"
#include "pages/run.h"
#include "support/random.h"
#include "thread/thread.h"

namespace {

using namespace kslab;

void* at(uintptr_t address) { return reinterpret_cast<void*>(address); }

TEST(page_map, nothing_is_known_at_first) {
    for (uintptr_t address : {uintptr_t{0}, uintptr_t{4096}, uintptr_t{1} << 46, ~uintptr_t{0}}) {
        EXPECT_EQ(page_value(at(address)), 0);
        EXPECT_TRUE(page_owner_of(at(address)).none());
    }
}

TEST(page_map, any_address_reads_as_foreign_and_does_not_fault) {
    void* live = kmalloc(100, 0);
    test::random random(9);
    size_t none = 0;
    for (int i = 0; i < 1000000; i++) {
        uintptr_t address = random.next() >> random.below(48);
        if (page_value(at(address)) == 0 && page_owner_of(at(address)).none()) none++;
        ASSERT_TRUE(home_page_value(at(address)) == 0 || home_page_value(at(address)) == page_value(at(address)));
        ASSERT_EQ(page_owner_inline(at(address)).word(), page_owner_of(at(address)).word());
        if (address >> kAddressBits != 0) {
            ASSERT_TRUE(page_owner_of(at(address)).none());
            ASSERT_EQ(page_value(at(address)), 0);
        }
        if (i % 64 == 0) {
            ASSERT_EQ(kslab_owns(at(address)) != 0, !page_owner_of(at(address)).none());
        }
    }
    EXPECT_GT(none, 990000u);
    kfree(live);
}

TEST(page_map, addresses_beyond_those_of_user_space_are_not_ours) {
    void* object = kmalloc(64, 0);
    for (unsigned bit = kAddressBits; bit < 64; bit++) {
        void* alias = at(reinterpret_cast<uintptr_t>(object) ^ uintptr_t{1} << bit);
        EXPECT_EQ(home_page_value(alias), 0);
        EXPECT_EQ(page_value(alias), 0);
        EXPECT_TRUE(page_owner_of(alias).none());
        EXPECT_EQ(kslab_owns(alias), 0);
    }
    kfree(object);
}

TEST(page_map, memory_of_others_is_not_ours) {
    int on_the_stack = 0;
    static int in_the_data = 0;
    void* from_libc = malloc(100);
    void* mapped = mmap(nullptr, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    kfree(kmalloc(100, 0));
    for (const void* address : {static_cast<void*>(&on_the_stack), static_cast<void*>(&in_the_data), from_libc,
                                mapped, reinterpret_cast<void*>(&page_owner_of), static_cast<void*>(&page_map)}) {
        EXPECT_EQ(kslab_owns(address), 0);
        EXPECT_EQ(page_value(address), 0);
    }
    munmap(mapped, 8192);
    free(from_libc);
}

// Every byte of every page of every slab that the objects come from.
TEST(page_map, every_byte_of_a_slab_leads_to_it) {
    std::vector<void*> objects;
    std::set<slab*> slabs;
    for (size_t size : {16, 48, 100, 500, 3000, 8000})
        for (int i = 0; i < 300; i++) {
            objects.push_back(kmalloc(size, 0));
            slab* s = page_owner_of(objects.back()).slab();
            ASSERT_NE(s, nullptr);
            slabs.insert(s);
        }
    for (slab* s : slabs) {
        const char* start = static_cast<char*>(s->pages->memory());
        for (size_t byte = 0; byte < s->pages->pages * kPageSize; byte++) {
            ASSERT_EQ(page_owner_of(start + byte).slab(), s);
            ASSERT_EQ(page_owner_inline(start + byte).slab(), s);
            ASSERT_EQ(page_value(start + byte), s->cache->slot);
        }
    }
    for (void* object : objects) kfree(object);
}

TEST(page_map, a_large_run_is_known_by_its_first_page_and_has_no_value) {
    char* object = static_cast<char*>(kmalloc(400000, 0));
    const run* r = page_owner_of(object).run();
    ASSERT_NE(r, nullptr);
    EXPECT_EQ(r->memory(), object);
    for (size_t byte = 0; byte < 400000; byte += 64) ASSERT_EQ(page_value(object + byte), 0);
    kfree(object);
}

TEST(page_map, objects_of_users_caches_have_an_owner_and_no_value) {
    struct ::kmem_cache* cache = kmem_cache_create("page_map", 200, 0, 0, nullptr);
    void* object = kmem_cache_alloc(cache, 0);
    EXPECT_EQ(page_value(object), 0);
    slab* s = page_owner_of(object).slab();
    ASSERT_NE(s, nullptr);
    EXPECT_EQ(reinterpret_cast<struct ::kmem_cache*>(s->cache), cache);
    kmem_cache_free(cache, object);
    kmem_cache_destroy(cache);
    EXPECT_EQ(page_owner_of(object).slab(), nullptr);
}

TEST(page_map, owners_and_values_are_kept_for_each_page) {
    // Addresses that nothing is mapped at: the map is only told about them.
    kfree(kmalloc(64, 0));  // home has its place: sections are counted from its start
    uintptr_t start = uintptr_t{0} - page_map_bias - (uintptr_t{0x123} << kSectionShift);
    start -= 3 * kPageSize;  // across two sections and two leaves
    ASSERT_TRUE(page_map_ensure_range(start, 6));
    for (size_t page = 0; page < 6; page++) {
        page_map_set_owner(start + page * kPageSize, page_owner(uintptr_t{0x1000} * (page + 1)));
        page_map_set_values(start + page * kPageSize, 1, static_cast<uint16_t>(page + 7));
    }
    for (size_t byte = 0; byte < 6 * kPageSize; byte++) {
        ASSERT_EQ(page_owner_of(at(start + byte)).word(), 0x1000 * (byte / kPageSize + 1));
        ASSERT_EQ(page_value(at(start + byte)), byte / kPageSize + 7);
    }
    EXPECT_TRUE(page_owner_of(at(start - 1)).none());
    EXPECT_TRUE(page_owner_of(at(start + 6 * kPageSize)).none());
    EXPECT_EQ(page_value(at(start + 6 * kPageSize)), 0);
    EXPECT_EQ(page_owner_before(at(start + 100 * kPageSize)).word(), 0x6000u);
    page_map_set_owners(start, 6, page_owner(uintptr_t{0x9000}));
    page_map_set_values(start, 6, 99);
    for (size_t page = 0; page < 6; page++) {
        EXPECT_EQ(page_owner_of(at(start + page * kPageSize)).word(), 0x9000u);
        EXPECT_EQ(page_value(at(start + page * kPageSize)), 99);
    }
    page_map_set_owners(start + kPageSize, 5, page_owner());
    EXPECT_EQ(page_owner_before(at(start + (uintptr_t{5} << kSectionShift))).word(), 0x9000u) << "over sections that are absent";
    page_map_set_owners(start, 1, page_owner());
    for (size_t page = 0; page < 6; page++) EXPECT_TRUE(page_owner_of(at(start + page * kPageSize)).none());
    EXPECT_TRUE(page_owner_before(at(start + (uintptr_t{5} << kSectionShift))).none()) << "down to the bottom";
}

TEST(page_map, the_first_run_is_at_home) {
    void* object = kmalloc(64, 0);
    EXPECT_NE(home_page_value(object), 0);
    EXPECT_EQ(home_page_value(object), page_value(object));
    kfree(object);
}

// Where others fill the address space, or the heap is larger than home.
TEST(page_map, objects_elsewhere_are_freed_like_those_at_home) {
    kfree(kmalloc(64, 0));
    constexpr size_t kFilled = size_t{1} << 30;
    std::vector<void*> filled;
    std::vector<void*> objects;
    for (int i = 0; i < 64 && (objects.empty() || home_page_value(objects.back()) != 0); i++) {
        filled.push_back(mmap(nullptr, kFilled, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        ASSERT_NE(filled.back(), MAP_FAILED);
        // More than what is mapped already has room for.
        for (int k = 0; k < 20000; k++) objects.push_back(kmalloc(512, 0));
    }
    void* there = objects.back();
    ASSERT_EQ(home_page_value(there), 0) << "all of it is at home";
    EXPECT_NE(page_value(there), 0);
    EXPECT_EQ(page_owner_of(there).slab()->cache->slot, page_value(there));
    EXPECT_EQ(kslab_owns(there), 1);
    EXPECT_GE(ksize(there), 512u);
    EXPECT_FALSE(free_fast(there));
    EXPECT_TRUE(free_fast_anywhere(there));
    EXPECT_EQ(kmalloc(512, 0), there) << "it was in the thread's array";
    kfree(there);
    EXPECT_EQ(kmalloc(512, 0), there);
    EXPECT_STREQ(validate_heap(), nullptr);
    for (void* object : objects) kfree(object);
    EXPECT_STREQ(validate_heap(), nullptr);
    for (void* each : filled) munmap(each, kFilled);
}

TEST(page_map, home_holds_what_it_is_placed_for_and_begins_above_0) {
    constexpr uintptr_t kMiB = uintptr_t{1} << 20;
    for (uintptr_t first : {2 * kMiB, uintptr_t{0x6fffffff}, uintptr_t{0x70000000}, uintptr_t{0x70001000}, uintptr_t{0x701ff000},
                            uintptr_t{0x70200000}, uintptr_t{0x7fcd12345000}, (uintptr_t{1} << kAddressBits) - kPageSize}) {
        uintptr_t start = home_start(first);
        EXPECT_NE(start, 0u) << first;
        EXPECT_EQ(start % (2 * kMiB), 0u) << first;
        EXPECT_LE(start, first);
        EXPECT_LT(first - start, 2048 * kMiB);
    }
    run* r = all_pages.allocate({.pages = 1});
    ASSERT_NE(r, nullptr);
    uintptr_t bias = page_map_bias;
    EXPECT_LT(r->start + bias, 2048 * kMiB) << "the first run gives it a place";
    release_run(r);
    page_map_place_home(at(uintptr_t{1} << 40));
    EXPECT_EQ(page_map_bias, bias) << "home does not move";
}

TEST(page_map, there_is_no_room_beyond_user_space) { EXPECT_FALSE(page_map_ensure(uintptr_t{1} << kAddressBits)); }

TEST(page_map, the_highest_pages_of_user_space_can_be_kept) {
    uintptr_t last = (uintptr_t{1} << kAddressBits) - kPageSize;
    ASSERT_TRUE(page_map_ensure(last));
    page_map_set_values(last, 1, 0x123);
    EXPECT_EQ(page_value(at(last)), 0x123);
    EXPECT_EQ(page_value(at(last - kPageSize)), 0);
    page_map_set_values(last, 1, 0);
}

}  // namespace
