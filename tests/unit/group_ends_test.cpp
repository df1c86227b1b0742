// When groups end, and the child caches that they share with root caches.
#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>

#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "cache/group.h"
#include "debug/object/validate_heap.h"
#include "kslab/group.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"

namespace {

using kslab::group_guard;

size_t bytes_of(int group) {
    struct kslab_group_stats stats = {};
    EXPECT_EQ(kslab_group_stat(group, &stats), 0);
    return stats.bytes;
}

int create(const char* name) {
    int made = kslab_group_create(name, 0);
    EXPECT_GT(made, 0) << name;
    return made;
}

bool reported(const char* what) { return strstr(kslab_last_report, what) != nullptr; }

TEST(group_ends, end_when_nothing_is_in_them_and_say_why_not) {
    int group = create("busy");
    errno = 0;
    EXPECT_EQ(kslab_group_destroy(0), -1);
    EXPECT_EQ(errno, EINVAL);
    kslab_group_enter(group);
    void* object = kmalloc(64, GFP_KERNEL);
    errno = 0;
    EXPECT_EQ(kslab_group_destroy(group), -1);
    EXPECT_EQ(errno, EBUSY);
    EXPECT_TRUE(reported("busy: 1 thread is in it; the group stays")) << kslab_last_report;
    kslab_group_leave(0);
    EXPECT_EQ(kslab_group_destroy(group), -1);
    EXPECT_TRUE(reported("busy: 1 object is still in use; the group stays")) << kslab_last_report;
    kfree(object);
    EXPECT_EQ(kslab_group_destroy(group), 0);
    EXPECT_EQ(kslab_group_destroy(group), -1);
    struct kslab_group_stats stats;
    EXPECT_EQ(kslab_group_stat(group, &stats), -1);
    EXPECT_EQ(create("again"), group);
    EXPECT_EQ(bytes_of(group), 0u);
    EXPECT_EQ(kslab_group_destroy(group), 0);
}

TEST(group_ends, there_are_1023_of_them) {
    std::vector<int> all;
    for (int made; (made = kslab_group_create("many", 0)) > 0;) {
        all.push_back(made);
        group_guard in(made);
        kfree(kmalloc(32, GFP_KERNEL));
    }
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(all.size(), 1023u);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    for (int group : all) ASSERT_EQ(kslab_group_destroy(group), 0);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    errno = 0;
    EXPECT_EQ(kslab_group_create("", 0), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(kslab_group_create(nullptr, 0), -1);
}

const struct kmem_cache* constructed_for;
void note_cache(void* object, struct kmem_cache* cache, unsigned long) {
    constructed_for = cache;
    *static_cast<long*>(object) = 42;
}

TEST(group_ends, child_caches_are_like_their_root_and_go_with_it) {
    auto* root = kmem_cache_create_dtor("groups-root", 200, 64, SLAB_ACCOUNT, note_cache, nullptr);
    ASSERT_NE(root, nullptr);
    int group = create("kids");
    kslab_group_enter(group);
    void* object = kmem_cache_alloc(root, GFP_KERNEL);
    kslab_group_leave(0);
    EXPECT_EQ(constructed_for, root);
    EXPECT_EQ(*static_cast<long*>(object), 42);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % 64, 0u);
    auto* child = kslab::child_cache(reinterpret_cast<kslab::kmem_cache*>(root), static_cast<unsigned>(group));
    ASSERT_NE(child, nullptr);
    EXPECT_STREQ(child->name, ("groups-root(" + std::to_string(group) + ":kids)").c_str());
    errno = 0;
    kmem_cache_destroy(root);
    EXPECT_EQ(errno, EBUSY);
    EXPECT_TRUE(reported("groups-root: 1 objects are still in use; the cache stays")) << kslab_last_report;
    EXPECT_EQ(kmem_cache_shrink(root), 1);
    kmem_cache_free(root, object);
    EXPECT_EQ(kmem_cache_shrink(root), 0);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    kmem_cache_destroy(root);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    EXPECT_EQ(kslab_group_destroy(group), 0);
}

TEST(group_ends, names_of_child_caches_are_nobodys_duplicates_and_like_caches_do_not_merge_with_them) {
    auto* root = kmem_cache_create("groups-name", 56, 0, SLAB_ACCOUNT, nullptr);
    int group = create("n");
    kslab_group_enter(group);
    void* object = kmem_cache_alloc(root, GFP_KERNEL);
    kslab_group_leave(0);
    std::string name = "groups-name(" + std::to_string(group) + ":n)";
    auto* same_name = kmem_cache_create(name.c_str(), 3000, 0, 0, nullptr);
    EXPECT_NE(same_name, nullptr);
    auto* like = kmem_cache_create("groups-like", 56, 0, SLAB_ACCOUNT, nullptr);
    EXPECT_EQ(like, root);
    kmem_cache_free(root, object);
    kmem_cache_destroy(same_name);
    kmem_cache_destroy(like);
    kmem_cache_destroy(root);
    EXPECT_EQ(kslab_group_destroy(group), 0);
}

// Groups and caches end at the same time: each child cache is destroyed by one of the two.
TEST(group_ends, end_while_root_caches_end) {
    for (unsigned round = 0; round < 200; round++) {
        int group = create("races");
        auto* root = kmem_cache_create("groups-races", 48, 0, SLAB_ACCOUNT | SLAB_NO_MERGE, nullptr);
        kslab_group_enter(group);
        kmem_cache_free(root, kmem_cache_alloc(root, GFP_KERNEL));
        kfree(kmalloc(64, GFP_KERNEL));
        kslab_group_leave(0);
        std::barrier<> start(2);
        std::thread other([&] {
            start.arrive_and_wait();
            kmem_cache_destroy(root);
        });
        start.arrive_and_wait();
        EXPECT_EQ(kslab_group_destroy(group), 0);
        other.join();
    }
    EXPECT_EQ(kslab::validate_heap(), nullptr);
}

}  // namespace
