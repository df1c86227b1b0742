// The program's code that the allocator calls (constructors, destructors, shrinkers) may use the allocator itself: other
// caches, slow paths, also while other threads ask for arrays to be drained.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/kslab.h"
#include "kslab/shrinker.h"
#include "os/report_fd.h"
#include "thread/thread.h"

namespace {

using user_cache = struct ::kmem_cache;

struct owner {
    void* owned;
    char rest[248];
};

user_cache* inner = nullptr;
std::atomic<long> owned{0};

void take_inner(void* object, user_cache*, unsigned long) {
    static_cast<owner*>(object)->owned = inner != nullptr ? kmem_cache_alloc(inner, GFP_KERNEL) : kmalloc(100, GFP_KERNEL);
    owned++;
}

void give_inner(void* object, user_cache*, unsigned long) {
    void* back = static_cast<owner*>(object)->owned;
    if (inner != nullptr)
        kmem_cache_free(inner, back);
    else
        kfree(back);
    owned--;
}

void go_round(user_cache* cache, size_t count) {
    std::vector<void*> objects(count);
    for (void*& object : objects) object = kmem_cache_alloc(cache, GFP_KERNEL);
    kmem_cache_free_bulk(cache, count, objects.data());
}

TEST(user_code, a_destructor_frees_into_a_cache_that_its_thread_has_not_used) {
    // It once waited for itself.
    inner = kmem_cache_create("inner", 64, 0, SLAB_NO_MERGE, nullptr);
    user_cache* outer = kmem_cache_create_dtor("outer", sizeof(owner), 0, 0, take_inner, give_inner);
    std::vector<void*> objects(6000);
    for (void*& object : objects) object = kmem_cache_alloc(outer, GFP_KERNEL);
    std::thread([&] { kmem_cache_free_bulk(outer, objects.size(), objects.data()); }).join();
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(outer);
    EXPECT_EQ(owned, 0);
    kmem_cache_destroy(inner);
    EXPECT_STREQ(kslab_last_report, "");
    inner = nullptr;
}

TEST(user_code, what_destructors_free_while_a_thread_ends_is_not_lost) {
    user_cache* outer = kmem_cache_create_dtor("outer", sizeof(owner), 0, 0, take_inner, give_inner);
    user_cache* hundreds = kmem_find_general_cachep(100, GFP_KERNEL);
    for (int round = 0; round < 10; round++) std::thread([=] { go_round(outer, 3000); }).join();
    kmem_cache_destroy(outer);
    EXPECT_EQ(owned, 0);
    kmem_cache_shrink(hundreds);
    EXPECT_EQ(reinterpret_cast<kslab::kmem_cache*>(hundreds)->node.num_objects, 0u) << "objects were lost";
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

void busy_ctor(void* object) {
    for (int i = 0; i < 3; i++) kfree(kmalloc(20000, GFP_KERNEL));
    static_cast<owner*>(object)->owned = nullptr;
}

TEST(user_code, constructors_that_allocate_while_others_ask_for_a_drain) {
    user_cache* outer = kmem_cache_create("outer", sizeof(owner), 0, SLAB_NO_MERGE, busy_ctor);
    std::atomic<bool> go{true};
    std::thread drainer([&] {
        while (go) kmem_cache_shrink(outer);
    });
    for (int round = 0; round < 100; round++) go_round(outer, 2000);
    go = false;
    drainer.join();
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    kmem_cache_destroy(outer);
}

void busy_dtor(void*, user_cache*, unsigned long) { kfree(kmalloc(20000, GFP_KERNEL)); }
void quiet_ctor(void*, user_cache*, unsigned long) {}

TEST(user_code, destructors_that_allocate_while_others_ask_for_a_drain) {
    user_cache* outer = kmem_cache_create_dtor("outer", sizeof(owner), 0, SLAB_NO_MERGE, quiet_ctor, busy_dtor);
    std::atomic<bool> go{true};
    std::thread drainer([&] {
        while (go) kslab_trim();
    });
    for (int round = 0; round < 50; round++) go_round(outer, 2000);
    go = false;
    drainer.join();
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    kmem_cache_destroy(outer);
}

unsigned long scans = 0;
unsigned long thousand(shrinker*, shrink_control*) { return 1000; }
unsigned long count_down(shrinker*, shrink_control* control) {
    unsigned long done = control->nr_to_scan;
    control->nr_to_scan = 0;
    scans++;
    return done;
}

TEST(user_code, a_shrinker_may_count_nr_to_scan_down) {
    shrinker counting{};
    counting.count_objects = thousand;
    counting.scan_objects = count_down;
    ASSERT_EQ(register_shrinker(&counting), 0);
    EXPECT_EQ(kmalloc(size_t{1} << 46, GFP_KERNEL), nullptr);
    unregister_shrinker(&counting);
    EXPECT_GT(scans, 0u);
    EXPECT_LT(scans, 100u);
}

}  // namespace
