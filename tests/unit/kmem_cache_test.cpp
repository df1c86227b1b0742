// Caches for users: creation with good and bad arguments, objects, constructors, destruction.
#include "kslab/kmem_cache.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "os/report_fd.h"
#include "pages/page_allocator.h"
#include "support/child.h"

namespace {

using user_cache = struct ::kmem_cache;
using kslab::kMaxObjectSize;

kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

user_cache* create(const char* name, size_t size, size_t align = 0, unsigned long flags = 0,
                   void (*ctor)(void*) = nullptr) {
    return kmem_cache_create(name, size, align, flags, ctor);
}

TEST(kmem_cache_create, refuses_bad_arguments_with_errno_and_a_line) {
    struct {
        const char* name;
        size_t size, align;
        unsigned long flags;
        const char* why;
    } rows[] = {
        {nullptr, 64, 0, 0, "(null, 64) failed: a cache needs a name"},
        {"", 64, 0, 0, "(, 64) failed: a cache needs a name"},
        {"t", 0, 0, 0, "(t, 0) failed: objects have at least 8 bytes"},
        {"t", 1, 0, 0, "(t, 1) failed: objects have at least 8 bytes"},
        {"t", 7, 0, 0, "(t, 7) failed: objects have at least 8 bytes"},
        {"t", kMaxObjectSize + 1, 0, 0, "(t, 131073) failed: objects have at most 131072 bytes"},
        {"t", ~size_t{0}, 0, 0, "(t, 18446744073709551615) failed: objects have at most 131072 bytes"},
        {"t", 64, 3, 0, "(t, 64) failed: the alignment is no power of two"},
        {"t", 64, 4097, 0, "(t, 64) failed: the alignment is no power of two"},
        {"t", 64, ~size_t{0}, 0, "(t, 64) failed: the alignment is no power of two"},
        {"t", 64, 8192, 0, "(t, 64) failed: the alignment is at most 4096"},
        {"t", 64, size_t{1} << 63, 0, "(t, 64) failed: the alignment is at most 4096"},
        {"t", 64, 0, 1, "(t, 64) failed: a flag is unknown"},
        {"t", 64, 0, 0x80000000ul, "(t, 64) failed: a flag is unknown"},
        {"t", 64, 0, SLAB_DESTROY_BY_RCU | SLAB_POISON, "(t, 64) failed: SLAB_POISON would overwrite what readers of type-stable memory look at"},
        {"t", 64, 0, 1ul << 40, "(t, 64) failed: a flag is unknown"},
        {"t", 64, 0, SLAB_HWCACHE_ALIGN | 0x100, "(t, 64) failed: a flag is unknown"},
    };
    for (auto& row : rows) {
        errno = 0;
        EXPECT_EQ(create(row.name, row.size, row.align, row.flags), nullptr) << row.why;
        EXPECT_EQ(errno, EINVAL) << row.why;
        EXPECT_EQ(std::string(kslab_last_report), std::string("kslab: kmem_cache_create") + row.why + "\n");
    }
}

TEST(kmem_cache_create, panics_when_asked_to) {
    test::outcome end = test::in_fork([] { create("t", 1, 0, SLAB_PANIC); });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, "kslab: kmem_cache_create(t, 1) failed: objects have at least 8 bytes\n");
}

size_t expected_alignment(size_t size, size_t align, unsigned long flags) {
    size_t line = 64;
    while (size * 2 <= line) line /= 2;
    size_t result = (flags & SLAB_HWCACHE_ALIGN) != 0 && line > align ? line : align;
    return result < 8 ? 8 : result;
}

TEST(kmem_cache_create, takes_every_good_size_and_alignment) {
    for (size_t size : {8, 9, 16, 24, 31, 33, 64, 65, 100, 192, 1000, 4096, 4097, 10000, 65536, 100000, 131072})
        for (size_t align : {0, 1, 2, 8, 16, 64, 1024, 4096})
            for (unsigned long flags : {0ul, SLAB_HWCACHE_ALIGN, SLAB_PANIC}) {
                user_cache* cache = create("good", size, align, flags);
                ASSERT_NE(cache, nullptr) << size << ' ' << align;
                EXPECT_EQ(kmem_cache_size(cache), size);
                std::vector<char*> objects;
                for (int i = 0; i < 10; i++) {
                    objects.push_back(static_cast<char*>(kmem_cache_alloc(cache, 0)));
                    ASSERT_NE(objects.back(), nullptr);
                    EXPECT_EQ(reinterpret_cast<uintptr_t>(objects.back()) % expected_alignment(size, align, flags), 0u)
                        << size << ' ' << align << ' ' << flags;
                    memset(objects.back(), i, size);
                }
                for (int i = 0; i < 10; i++) EXPECT_EQ(objects[static_cast<size_t>(i)][size - 1], i);
                for (char* object : objects) kmem_cache_free(cache, object);
                kmem_cache_destroy(cache);
            }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(kmem_cache_create, a_name_is_copied_and_cut) {
    std::string name(100, 'n');
    user_cache* cache = create(name.c_str(), 64);
    name[0] = '#';
    EXPECT_EQ(std::string(inside(cache)->name), std::string(31, 'n'));
    kmem_cache_destroy(cache);
}

TEST(kmem_cache_create, there_is_room_for_4096_caches) {
    kfree(kmalloc(100, 0));
    std::vector<user_cache*> caches;
    errno = 0;
    std::string name;
    auto next_name = [&] { return (name = "many" + std::to_string(caches.size())).c_str(); };
    while (user_cache* cache = create(next_name(), 64, 0, SLAB_NO_MERGE)) caches.push_back(cache);
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(std::string(kslab_last_report), "kslab: kmem_cache_create(" + name + ", 64) failed: there are 4095 caches\n");
    EXPECT_GE(caches.size(), 4090u);
    std::vector<void*> objects;
    for (user_cache* cache : caches) objects.push_back(kmem_cache_alloc(cache, 0));
    EXPECT_EQ(std::set<void*>(objects.begin(), objects.end()).size(), caches.size());
    for (size_t i = 0; i < caches.size(); i++) kmem_cache_free(caches[i], objects[i]);
    for (user_cache* cache : caches) kmem_cache_destroy(cache);
    user_cache* again = create("again", 64);
    EXPECT_NE(again, nullptr) << "indices do not come back";
    kmem_cache_destroy(again);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// ---- Objects

int constructed = 0;
void construct(void* object) {
    constructed++;
    memset(object, 0x3c, 100);
}

TEST(kmem_cache, objects_come_constructed_and_keep_their_state) {
    user_cache* cache = create("ctor", 100, 0, 0, construct);
    std::set<void*> seen;
    constructed = 0;
    for (int round = 0; round < 20; round++) {
        std::vector<char*> objects;
        for (int i = 0; i < 500; i++) {
            char* object = static_cast<char*>(kmem_cache_alloc(cache, 0));
            seen.insert(object);
            for (int byte = 0; byte < 100; byte++) ASSERT_EQ(object[byte], 0x3c) << "round " << round;
            objects.push_back(object);
        }
        for (char* object : objects) kmem_cache_free(cache, object);
        kslab::trim_everything();
    }
    EXPECT_GE(static_cast<size_t>(constructed), seen.size());
    kmem_cache_destroy(cache);
}

TEST(kmem_cache, zeroed_on_demand) {
    user_cache* cache = create("zero", 72);
    char* object = static_cast<char*>(kmem_cache_alloc(cache, 0));
    memset(object, 1, 72);
    kmem_cache_free(cache, object);
    object = static_cast<char*>(kmem_cache_alloc(cache, __GFP_ZERO));
    for (int i = 0; i < 72; i++) EXPECT_EQ(object[i], 0);
    kmem_cache_free(cache, object);
    kmem_cache_free(cache, nullptr);
    kmem_cache_destroy(cache);
    kmem_cache_destroy(nullptr);
}

TEST(kmem_cache, destroy_gives_all_memory_back_also_from_other_threads) {
    size_t before = kslab::trim_everything(), used = kslab::all_pages.stats().used;
    user_cache* cache = create("gone", 3000);
    std::vector<std::thread> threads;
    std::atomic<int> waiting{0};
    std::atomic<bool> leave{false};
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            std::vector<void*> objects;
            for (int i = 0; i < 50; i++) objects.push_back(kmem_cache_alloc(cache, 0));
            for (void* object : objects) kmem_cache_free(cache, object);
            waiting++;
            while (!leave) std::this_thread::yield();
        });
    while (waiting < 3) std::this_thread::yield();
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
    leave = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kslab::all_pages.stats().used, used) << before;
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(kmem_cache, destroy_with_objects_in_use_says_how_many_and_keeps_the_cache) {
    user_cache* cache = create("busy", 64);
    void* objects[5];
    for (void*& object : objects) object = kmem_cache_alloc(cache, 0);
    kmem_cache_free(cache, objects[4]);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "kslab: kmem_cache_destroy busy: 4 objects are still in use; the cache stays\n");
    void* more = kmem_cache_alloc(cache, 0);
    EXPECT_NE(more, nullptr);
    kmem_cache_free(cache, more);
    for (int i = 0; i < 4; i++) kmem_cache_free(cache, objects[i]);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(kmem_cache, kfree_takes_its_objects_and_ksize_knows_them) {
    user_cache* cache = create("mixed", 100);
    void* object = kmem_cache_alloc(cache, 0);
    EXPECT_EQ(ksize(object), 100u);
    kfree(object);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(kmem_cache, shrink_leaves_nothing_but_what_is_in_use) {
    user_cache* cache = create("shrink", 256);
    std::vector<void*> objects;
    for (int i = 0; i < 2000; i++) objects.push_back(kmem_cache_alloc(cache, 0));
    EXPECT_FALSE(kslab::cache_shrink_node(inside(cache))) << "slabs are full";
    for (size_t i = 1; i < objects.size(); i++) kmem_cache_free(cache, objects[i]);
    kslab::drain_this_thread();
    EXPECT_FALSE(kslab::cache_shrink_node(inside(cache))) << "one slab is partial";
    EXPECT_EQ(inside(cache)->node.num_slabs, 1u);
    kmem_cache_free(cache, objects[0]);
    kslab::drain_this_thread();
    EXPECT_TRUE(kslab::cache_shrink_node(inside(cache)));
    EXPECT_EQ(inside(cache)->node.num_slabs, 0u);
    EXPECT_EQ(inside(cache)->node.free_objects, 0u);
    kmem_cache_destroy(cache);
}

}  // namespace
