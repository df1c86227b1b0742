// kslab::cache and kslab::constructed_cache: objects, exceptions, failures, threads, memory that comes back.
#include "kslab/cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "os/report_fd.h"
#include "pages/page_allocator.h"
#include "support/child.h"

namespace {

struct point {
    int x, y;
};
kslab::kmem_cache* inside(::kmem_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

// Whether nothing is in use; other threads' arrays must be empty.
bool is_empty(::kmem_cache* cache) {
    kslab::drain_this_thread();
    return kslab::cache_shrink_node(inside(cache));
}

// ---- Objects

TEST(cxx_cache, creates_from_arguments_aggregates_and_nothing) {
    kslab::cache<point> points;
    EXPECT_EQ(kmem_cache_size(points.native()), sizeof(point));
    point *a = points.create(1, 2), *b = points.create(), *c = points.create(*a);
    EXPECT_EQ(a->x + a->y, 3);
    EXPECT_EQ(b->x + b->y, 0);
    EXPECT_EQ(c->x + c->y, 3);
    for (point* p : {a, b, c, static_cast<point*>(nullptr)}) points.destroy(p);
    points.deallocate(points.allocate());
    points.deallocate(nullptr);
    EXPECT_TRUE(is_empty(points.native()));

    kslab::cache<std::string> strings;
    std::string* text = strings.create(1000, 'x');
    EXPECT_EQ(*text, std::string(1000, 'x'));
    strings.destroy(text);
}

TEST(cxx_cache, small_types_are_rounded_up) {
    kslab::cache<char> cache;
    EXPECT_EQ(kmem_cache_size(cache.native()), 8u);
    cache.destroy(cache.create('a'));
}

TEST(cxx_cache, flags_and_names_are_the_kmem_caches) {
    kslab::cache<point> lines("lines", SLAB_HWCACHE_ALIGN);
    EXPECT_NE(inside(lines.native())->flags & SLAB_HWCACHE_ALIGN, 0u);
    EXPECT_THROW(kslab::cache<point>("bad", 1), std::invalid_argument);
    EXPECT_THROW(kslab::cache<point>(""), std::invalid_argument);
}

struct counted {
    static inline int live = 0;
    explicit counted(bool fail) {
        if (fail) throw 42;
        live++;
    }
    ~counted() { live--; }
    char content[40];
};

TEST(cxx_cache, a_constructor_that_throws_gives_the_object_back) {
    kslab::cache<counted> cache;
    for (int i = 0; i < 10000; i++) {
        EXPECT_THROW((void)cache.create(true), int);
        EXPECT_THROW((void)cache.make_unique(true), int);
    }
    EXPECT_TRUE(is_empty(cache.native()));
    EXPECT_EQ(counted::live, 0);
}

TEST(cxx_cache, unique_pointers_give_back) {
    kslab::cache<counted> cache;
    {
        std::vector<kslab::cache<counted>::unique_ptr> all;
        for (int i = 0; i < 100; i++) all.push_back(cache.make_unique(false));
        EXPECT_EQ(counted::live, 100);
        all[3].reset();
        counted* raw = all[4].release();
        EXPECT_EQ(counted::live, 99);
        cache.destroy(raw);
        EXPECT_FALSE(is_empty(cache.native()));
    }
    EXPECT_EQ(counted::live, 0);
    EXPECT_TRUE(is_empty(cache.native()));
}

TEST(cxx_cache, all_memory_comes_back) {
    // The name of a type is remembered for ever.
    { kslab::cache<std::array<char, 3000>> before; }
    kslab::trim_everything();
    size_t used = kslab::all_pages.stats().used;
    kslab_last_report[0] = '\0';
    {
        kslab::cache<std::array<char, 3000>> cache;
        std::vector<decltype(cache.make_unique())> all;
        for (int i = 0; i < 1000; i++) all.push_back(cache.make_unique());
        EXPECT_GT(kslab::all_pages.stats().used, used + 700);
    }
    EXPECT_STREQ(kslab_last_report, "");
    kslab::trim_everything();  // the wrapper's own small objects
    EXPECT_EQ(kslab::all_pages.stats().used, used);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cxx_cache, objects_in_use_outlive_it) {
    point* left;
    {
        kslab::cache<point> cache("outlived");
        left = cache.create(3, 4);
    }
    EXPECT_STREQ(kslab_last_report, "kslab: kmem_cache_destroy outlived: 1 objects are still in use; the cache stays\n");
    EXPECT_EQ(left->x + left->y, 7);
    kfree(left);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// ---- Constructed objects

struct session {
    static inline std::atomic<int> constructed{0};
    session() noexcept { constructed++; }
    std::mutex lock;
    unsigned uses = 0;
    char buffer[200] = "set up once";
};

TEST(cxx_constructed, objects_keep_their_state_between_uses) {
    session::constructed = 0;
    kslab::constructed_cache<session> sessions;
    EXPECT_EQ(session::constructed, 0) << "nothing before the first use";
    for (int i = 1; i <= 1000; i++) {
        session* s = sessions.acquire();
        ASSERT_STREQ(s->buffer, "set up once");
        ASSERT_EQ(++s->uses, static_cast<unsigned>(i)) << "the object released last comes first, as it was";
        ASSERT_TRUE(s->lock.try_lock());
        s->lock.unlock();
        sessions.release(s);
    }
    int after_one = session::constructed;
    EXPECT_GT(after_one, 0);
    {
        std::vector<kslab::constructed_cache<session>::unique_ptr> all;
        for (int i = 0; i < 500; i++) all.push_back(sessions.acquire_unique());
        EXPECT_GE(session::constructed, 500);
    }
    int after_many = session::constructed;
    for (int i = 0; i < 10000; i++) sessions.release(sessions.acquire());
    sessions.release(nullptr);
    EXPECT_EQ(session::constructed, after_many);
    EXPECT_TRUE(is_empty(sessions.native()));
}

struct owner {
    static inline std::atomic<int> constructed{0}, destroyed{0};
    owner() noexcept { constructed++; }
    ~owner() {
        EXPECT_EQ(text, "mine") << "as its last user left it";
        kfree(kmalloc(100, GFP_KERNEL));  // no lock is held
        destroyed++;
    }
    std::string text = "mine";
    std::vector<int> more = std::vector<int>(100);
    static void count_from_zero() { constructed = destroyed = 0; }
    static int live() { return constructed - destroyed; }
};

// Acquires and releases `many`, in which slabs come and go.
void use(kslab::constructed_cache<owner>& cache, int many) {
    std::vector<kslab::constructed_cache<owner>::unique_ptr> all;
    for (int i = 0; i < many; i++) all.push_back(cache.acquire_unique());
    for (auto& one : all) EXPECT_EQ(one->text, "mine");
}

TEST(cxx_constructed, what_was_constructed_is_destroyed) {
    owner::count_from_zero();
    {
        kslab::constructed_cache<owner> owners;
        use(owners, 2000);
        std::thread([&] { use(owners, 500); }).join();
        EXPECT_GE(owner::live(), 2000);
        auto one = owners.acquire_unique();
        kmem_cache_shrink(owners.native());
        EXPECT_GT(owner::destroyed, 500) << "with their slabs";
        EXPECT_GT(owner::live(), 0);
        EXPECT_EQ(one->text, "mine");
    }
    EXPECT_GT(owner::constructed, 0);
    EXPECT_EQ(owner::live(), 0);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cxx_constructed, with_poison_at_every_use) {
    owner::count_from_zero();
    {
        kslab::constructed_cache<owner> owners("poisoned", SLAB_POISON | SLAB_DEBUG_INITIAL);
        use(owners, 100);
        EXPECT_EQ(owner::constructed, 100);
        EXPECT_EQ(owner::live(), 0);
        owner* one = owners.acquire();
        EXPECT_EQ(owner::live(), 1);
        owners.release(one);
    }
    EXPECT_EQ(owner::live(), 0);
}

TEST(cxx_constructed, looking_constructs_nothing) {
    owner::count_from_zero();
    {
        kslab::constructed_cache<owner> owners("looked-at", SLAB_DEBUG_INITIAL);
        use(owners, 100);
        int so_far = owner::constructed;
        use(owners, 100);
        EXPECT_EQ(owner::constructed, so_far);
    }
    EXPECT_EQ(owner::live(), 0);
}

// ---- Caches of one name

TEST(cxx_cache, like_caches_share_and_outlive_each_other) {
    kslab_last_report[0] = '\0';
    kslab::cache<point> second("shared");
    point* kept = second.create(1, 2);
    {
        kslab::cache<point> first("shared"), third;
        EXPECT_EQ(first.native(), second.native());
        point* p = first.create(3, 4);
        first.destroy(p);
        third.destroy(third.create(5, 6));
    }
    EXPECT_STREQ(kslab_last_report, "") << "objects in use are the other one's";
    EXPECT_EQ(kept->x, 1);
    second.destroy(kept);
    EXPECT_TRUE(is_empty(second.native()));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cxx_cache, a_name_that_an_unlike_cache_has_is_refused) {
    kslab::cache<point> points("taken");
    EXPECT_THROW((kslab::cache<std::array<char, 3000>>("taken")), std::invalid_argument);
    kslab::constructed_cache<session> sessions("taken-too");
    EXPECT_THROW(kslab::constructed_cache<session>("taken-too"), std::invalid_argument);
}

TEST(cxx_cache, unnamed_caches_of_one_type_have_names_of_their_own) {
    kslab::constructed_cache<session> first, second;
    EXPECT_NE(first.native(), second.native());
    EXPECT_EQ(std::string(kmem_cache_name(second.native())), std::string(kmem_cache_name(first.native())) + "#2");
}

// ---- What fails

CHILD_PROGRAM(cxx_limit) {
    kslab::cache<std::array<char, 1000>> cache;
    using page = std::array<char, 1000>;
    std::vector<page*> pages;
    for (int round = 0; round < 2; round++) {
        EXPECT_THROW(for (;;) pages.push_back(cache.create()), std::bad_alloc);
        EXPECT_GT(pages.size(), 5000u);
        EXPECT_THROW((void)cache.allocate(100000, 16), std::bad_alloc) << "upstream";
        std::list<page, kslab::allocator<page>> list;
        std::vector<page, kslab::allocator<page>> array;
        EXPECT_THROW(for (;;) list.emplace_back(), std::bad_alloc);
        EXPECT_THROW(array.resize(1000), std::bad_alloc);
        for (page* p : pages) cache.destroy(p);
        pages.clear();
    }
}
TEST(cxx_failure, a_limit_is_bad_alloc) {
    test::outcome end = test::rerun("cxx_limit", {"KSLAB_LIMIT=10M"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(cxx_injected) {
    kslab::cache<point> cache("failing");
    for (int i = 1; i <= 20; i++) {
        point* p = nullptr;
        try {
            p = cache.create(i, i);
        } catch (const std::bad_alloc&) {
        }
        EXPECT_EQ(p == nullptr, i % 5 == 0) << i;
        cache.destroy(p);
    }
    EXPECT_TRUE(is_empty(cache.native()));
}
TEST(cxx_failure, an_injected_failure_is_bad_alloc) {
    test::outcome end = test::rerun("cxx_injected", {"KSLAB_FAIL=cache:failing,every:5"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(cxx_too_many) {
    std::list<kslab::cache<point>> caches;
    EXPECT_THROW(while (caches.size() < 5000) caches.emplace_back(), std::bad_alloc);
    EXPECT_GT(caches.size(), 4000u);
    caches.pop_back();
    caches.emplace_back();
}
TEST(cxx_failure, no_more_caches_is_bad_alloc) {
    test::outcome end = test::rerun("cxx_too_many", {"KSLAB_NOMERGE=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Threads

TEST(cxx_cache, objects_travel_between_threads) {
    constexpr int kThreads = 3, kRounds = 20000 / kSanitizerFactor;
    using box = std::unique_ptr<std::string, kslab::cache<std::string>::deleter>;
    kslab::cache<std::string> cache;
    std::mutex lock;
    std::list<box> on_the_way;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kRounds; i++) {
                box mine = cache.make_unique(static_cast<size_t>(i % 50), static_cast<char>('a' + t)), other;
                std::lock_guard guard(lock);
                on_the_way.push_back(std::move(mine));
                if (on_the_way.size() > 100) {
                    other = std::move(on_the_way.front());
                    on_the_way.pop_front();
                    char first = other->empty() ? '\0' : other->front();
                    ASSERT_EQ(other->find_first_not_of(first), std::string::npos);
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(on_the_way.size(), 100u);
    on_the_way.clear();
    EXPECT_TRUE(is_empty(cache.native()));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

}  // namespace
