// Like caches share their slabs (Linux 3.18): which do, under which names, and what becomes of them when one of the
// users goes, or many come and go at once.
#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cache/kmem_cache.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "pages/page_allocator.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using user_cache = struct ::kmem_cache;

void construct(void*) {}

user_cache* create(const char* name, size_t size, size_t align = 0, unsigned long flags = 0, void (*ctor)(void*) = nullptr) {
    return kmem_cache_create(name, size, align, flags, ctor);
}

std::vector<std::string> aliases(user_cache* cache) {
    char names[16][KMEM_CACHE_NAME_BYTES];
    size_t count = kmem_cache_aliases(cache, names, 16);
    return {names, names + count};
}

void expect_the_proof_of_the_kernel() {
    user_cache* a = create("A", 64);
    user_cache* b = create("B", 60);
    user_cache* c = create("C", 64, 0, 0, construct);
    user_cache* d = create("D", 64, 0, SLAB_RED_ZONE);
    EXPECT_EQ(a, b);
    EXPECT_EQ(std::set<user_cache*>({a, c, d}).size(), 3u);
    EXPECT_STREQ(kmem_cache_name(b), "A");
    EXPECT_EQ(kmem_cache_size(b), 64u);
    EXPECT_EQ(aliases(a), std::vector<std::string>{"B"});
    EXPECT_EQ(aliases(c), std::vector<std::string>{});
    void* object = kmem_cache_alloc(b, GFP_KERNEL);
    kmem_cache_destroy(a);
    EXPECT_STREQ(kslab_last_report, "");
    memset(object, 1, 64);
    void* more = kmem_cache_alloc(b, GFP_KERNEL);
    EXPECT_NE(more, nullptr);
    EXPECT_NE(more, object);
    kmem_cache_free(b, more);
    kmem_cache_free(b, object);
    for (user_cache* each : {b, c, d}) kmem_cache_destroy(each);
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(merge, a_64_and_b_60_share_c_with_constructor_and_d_with_redzones_do_not) { expect_the_proof_of_the_kernel(); }

CHILD_PROGRAM(apart) {
    user_cache* a = create("A", 64);
    user_cache* b = create("B", 60);
    EXPECT_NE(a, b);
    EXPECT_EQ(kmem_cache_size(b), 60u);
    EXPECT_EQ(aliases(a).size() + aliases(b).size(), 0u);
    kmem_cache_destroy(a);
    void* object = kmem_cache_alloc(b, GFP_KERNEL);
    kmem_cache_free(b, object);
    kmem_cache_destroy(b);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(merge, the_option_and_debugging_keep_all_apart) {
    for (const char* option : {"KSLAB_NOMERGE=1", "KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=full", "KSLAB_DEBUG=FZ,A,B"})
        EXPECT_EQ(test::rerun("apart", {option}).exit_code, 0) << option;
}

CHILD_PROGRAM(partly_debugged) {
    user_cache* a = create("A", 64);  // debugged
    user_cache* b = create("B", 64);
    user_cache* c = create("C", 64);
    EXPECT_NE(a, b);
    EXPECT_EQ(b, c);
    for (user_cache* each : {a, b, c}) kmem_cache_destroy(each);
}

TEST(merge, a_cache_under_debugging_serves_nobody_else) {
    EXPECT_EQ(test::rerun("partly_debugged", {"KSLAB_DEBUG=FZ,A"}).exit_code, 0);
}

// Which pairs share, read from the kernel's rule: no constructor, same flags that matter, a size within a word of
// the stride, an alignment that fits.
TEST(merge, pairs) {
    struct {
        size_t size, align;
        unsigned long flags;
        bool shares;  // with 96 bytes
    } pairs[] = {
        {96, 0, 0, true},
        {95, 0, 0, true},
        {89, 0, 0, true},
        {88, 0, 0, false},
        {97, 0, 0, false},
        {104, 0, 0, false},
        {96, 8, 0, true},
        {96, 32, 0, true},
        {96, 64, 0, false},
        {96, 4096, 0, false},
        {96, 0, SLAB_HWCACHE_ALIGN, false},  // a stride of 128
        {96, 0, SLAB_PANIC, true},
        {96, 0, SLAB_RECLAIM_ACCOUNT, false},
        {96, 0, SLAB_CACHE_DMA, false},
        {96, 0, SLAB_MEM_SPREAD, false},
        {96, 0, SLAB_ACCOUNT, false},
        {96, 0, SLAB_NOTRACK, false},
        {96, 0, SLAB_NO_MERGE, false},
        {96, 0, SLAB_NOLEAKTRACE, false},
        {96, 0, SLAB_FAILSLAB, false},
        {96, 0, SLAB_TRACE, false},
        {96, 0, SLAB_POISON, false},
        {96, 0, SLAB_STORE_USER, false},
        {96, 0, SLAB_DESTROY_BY_RCU, false},
    };
    user_cache* base = create("base", 96);
    for (auto& pair : pairs) {
        user_cache* other = create("other", pair.size, pair.align, pair.flags);
        ASSERT_NE(other, nullptr);
        EXPECT_EQ(other == base, pair.shares) << pair.size << ' ' << pair.align << ' ' << std::hex << pair.flags;
        kmem_cache_destroy(other);
    }
    EXPECT_EQ(kmem_cache_size(base), 96u);
    kmem_cache_destroy(base);
}

TEST(merge, the_size_is_the_largest_of_all_users) {
    user_cache* small = create("small", 57);
    EXPECT_EQ(kmem_cache_size(small), 57u);
    user_cache* large = create("large", 64);
    ASSERT_EQ(small, large);
    EXPECT_EQ(kmem_cache_size(small), 64u);
    auto* object = static_cast<unsigned char*>(kmem_cache_alloc(small, GFP_KERNEL));
    memset(object, 7, 64);
    kmem_cache_free(small, object);
    object = static_cast<unsigned char*>(kmem_cache_zalloc(large, GFP_KERNEL));
    for (int i = 0; i < 64; i++) ASSERT_EQ(object[i], 0) << i;
    EXPECT_EQ(ksize(object), 64u);
    kmem_cache_free(large, object);
    kmem_cache_destroy(small);
    kmem_cache_destroy(large);
}

TEST(merge, aliases_come_newest_first_and_go_with_their_users) {
    user_cache* base = create("base", 200);
    for (const char* name : {"one", "two", "three"}) EXPECT_EQ(create(name, 200), base);
    EXPECT_EQ(aliases(base), (std::vector<std::string>{"three", "two", "one"}));
    EXPECT_EQ(kmem_cache_aliases(base, nullptr, 0), 3u);
    char one[1][KMEM_CACHE_NAME_BYTES];
    EXPECT_EQ(kmem_cache_aliases(base, one, 1), 3u);
    EXPECT_STREQ(one[0], "three");
    for (size_t left = 3; left-- > 0;) {
        kmem_cache_destroy(base);
        EXPECT_EQ(aliases(base).size(), left);
    }
    kmem_cache_destroy(base);
    user_cache* again = create("three", 200, 0, SLAB_NO_MERGE);
    EXPECT_NE(again, nullptr) << "the name of an alias is still taken";
    kmem_cache_destroy(again);
}

TEST(merge, an_alias_is_a_name_that_is_taken) {
    user_cache* base = create("base", 200);
    EXPECT_EQ(create("alias", 200), base);
    EXPECT_EQ(create("alias", 400), nullptr);
    kmem_cache_destroy(base);
    kmem_cache_destroy(base);
}

// Which of its names a shared cache lost with a user nobody knows: who destroyed one may choose it again.
TEST(merge, a_name_can_be_chosen_again_by_who_destroyed_it) {
    user_cache* a = create("A", 64);
    user_cache* b = create("B", 64);
    EXPECT_EQ(a, b);
    kmem_cache_destroy(a);
    user_cache* again = create("A", 4000);
    ASSERT_NE(again, nullptr);
    EXPECT_NE(again, b);
    EXPECT_EQ(create("A", 500), nullptr);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(b);
    kmem_cache_destroy(again);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(merge, kmalloc_shares_with_nobody) {
    user_cache* general = kmem_find_general_cachep(64, 0);
    user_cache* mine = create("mine", 64);
    EXPECT_NE(mine, general);
    kmem_cache_destroy(mine);
}

TEST(merge, a_destroy_that_fails_leaves_a_cache_that_can_be_shared_again) {
    user_cache* cache = create("busy", 304);
    void* object = kmem_cache_alloc(cache, GFP_KERNEL);
    kmem_cache_destroy(cache);
    EXPECT_EQ(errno, EBUSY);
    EXPECT_EQ(create("more", 304), cache);
    kmem_cache_destroy(cache);
    kmem_cache_free(cache, object);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

// The last user destroys the cache, which waits because somebody visits it: nobody may come and share it meanwhile.
TEST(merge, a_cache_about_to_be_destroyed_is_shared_with_nobody) {
    user_cache* doomed = create("doomed", 336);
    user_cache* other = nullptr;
    std::thread destroys;
    kslab::for_each_cache([&](kslab::kmem_cache* visited) {
        if (reinterpret_cast<user_cache*>(visited) != doomed) return;
        destroys = std::thread([&] { kmem_cache_destroy(doomed); });
        auto users = [&] {
            kslab::scoped_lock lock(kslab::cache_chain_lock);
            return visited->refcount;
        };
        for (int i = 0; i < 100000 && users() > 0; i++) sched_yield();
        other = create("other", 336);
    });
    destroys.join();
    EXPECT_NE(other, doomed);
    if (other != doomed) kmem_cache_destroy(other);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// Like caches under a few names, made, used and destroyed by all threads at once: whoever got a cache may use it
// until it has destroyed its own.
TEST(merge, many_threads_create_and_destroy_like_caches) {
    kfree(kmalloc(100, 0));
    size_t used = kslab::all_pages.stats().used;
    constexpr int kThreads = 4;
    constexpr int kRounds = 20000 / static_cast<int>(kSanitizerFactor);
    std::atomic<int> shared{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([t, &shared] {
            test::random random(static_cast<uint64_t>(t) + 1);
            for (int round = 0; round < kRounds; round++) {
                size_t size = random.one_in(2) ? 320 : 317;
                std::string name = "like" + std::to_string(random.below(3));
                user_cache* cache = create(name.c_str(), size);
                ASSERT_NE(cache, nullptr);
                void* objects[5];
                for (void*& object : objects) {
                    object = kmem_cache_alloc(cache, GFP_KERNEL);
                    ASSERT_NE(object, nullptr);
                    memset(object, t, size);
                }
                sched_yield();  // somebody else may come
                shared += static_cast<int>(kmem_cache_aliases(cache, nullptr, 0));
                for (void* object : objects) {
                    ASSERT_EQ(static_cast<char*>(object)[size - 1], t);
                    kmem_cache_free(cache, object);
                }
                kmem_cache_destroy(cache);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(shared, 0) << "nothing was ever shared";
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_EQ(kslab::all_pages.stats().used, used);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

}  // namespace
