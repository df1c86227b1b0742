// kslab::cache and kslab::constructed_cache: names, objects, exceptions, memory resources, memory that comes back.
#include "kslab/cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <set>
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
struct has_a_name_that_is_longer_than_a_caches {};
template <typename... T>
struct several {};

kslab::kmem_cache* inside(::kmem_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

// Whether nothing is in use; other threads' arrays must be empty.
bool is_empty(::kmem_cache* cache) {
    kslab::drain_this_thread();
    return kslab::cache_shrink_node(inside(cache));
}

// ---- Names

constexpr bool same(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) a++, b++;
    return *a == *b;
}
static_assert(same(kslab::type_name<int>.text, "int"), "names are made by the compiler");
static_assert(same(kslab::type_name<char*>.text, "char_"), "* would be a pattern");
static_assert(same(kslab::type_name<std::less<int>>.text, "std::less<int>"));

TEST(cxx_name, has_no_blanks_or_separators_and_31_characters) {
    EXPECT_STREQ(kslab::detail::make_name("a b,c;d*\xc3\xa9~z", 12).text, "a_b_c_d___~z");
    std::string names[] = {kslab::type_name<several<int, long, char>>.text, kslab::type_name<std::list<int>>.text,
                           kslab::type_name<point>.text,
                           kslab::type_name<has_a_name_that_is_longer_than_a_caches>.text};
    for (const std::string& name : names) {
        EXPECT_EQ(name.find_first_of(" ,;*"), std::string::npos) << name;
        EXPECT_LE(name.size(), 31u);
        EXPECT_GE(name.size(), 5u);
    }
}

TEST(cxx_name, what_is_cut_differs_when_the_whole_differs) {
    std::string type(31, 'n');
    EXPECT_EQ(kslab::detail::make_name(type.data(), 31).text, type);
    std::set<std::string> names;
    for (char last : {'a', 'b', 'c'}) names.insert(kslab::detail::make_name((type + last).data(), 32).text);
    EXPECT_EQ(names.size(), 3u);
    for (const std::string& name : names) {
        EXPECT_EQ(name.substr(0, 25), std::string(24, 'n') + "~");
        EXPECT_EQ(name.size(), 31u);
    }
}

struct numbered {
    int n;
};
CHILD_PROGRAM(cxx_numbers) {
    kslab::cache<numbered> first, second, own("own");
    kslab::constructed_cache<numbered> third;
    std::string name = kslab::type_name<numbered>.text;
    EXPECT_EQ(inside(first.native())->name, name);
    EXPECT_EQ(inside(second.native())->name, name.substr(0, 29) + "#2");
    EXPECT_EQ(inside(third.native())->name, name.substr(0, 29) + "#3");
    EXPECT_EQ(inside(own.native())->name, std::string("own"));
}
TEST(cxx_name, the_second_cache_of_a_type_has_a_number) {
    test::outcome end = test::rerun("cxx_numbers", {"KSLAB_NOMERGE=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
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

// ---- A memory resource

class counting : public std::pmr::memory_resource {
public:
    size_t calls = 0, bytes_out = 0;

private:
    void* do_allocate(size_t bytes, size_t alignment) override {
        calls++;
        bytes_out += bytes;
        return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* memory, size_t bytes, size_t alignment) override {
        bytes_out -= bytes;
        std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(cxx_resource, serves_what_fits_and_passes_on_what_does_not) {
    counting upstream;
    kslab::cache<kslab::room_for<64>> cache(nullptr, 0, &upstream);
    EXPECT_EQ(cache.upstream(), &upstream);
    for (size_t bytes : {0, 1, 63, 64, 65, 1000})
        for (size_t alignment : {1, 8, 16, 32, 512}) {
            size_t before = upstream.calls;
            void* memory = cache.allocate(bytes, alignment);
            ASSERT_NE(memory, nullptr);
            memset(memory, 1, bytes);
            EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % alignment, 0u);
            bool fits = bytes <= 64 && alignment <= 16;
            EXPECT_EQ(upstream.calls - before, fits ? 0u : 1u) << bytes << ' ' << alignment;
            EXPECT_EQ(is_empty(cache.native()), !fits);
            cache.deallocate(memory, bytes, alignment);
        }
    EXPECT_EQ(upstream.bytes_out, 0u);
    EXPECT_TRUE(is_empty(cache.native()));
}

TEST(cxx_resource, is_equal_to_itself_only) {
    kslab::cache<point> a, b;
    EXPECT_TRUE(a.is_equal(a));
    EXPECT_FALSE(a.is_equal(b));
    EXPECT_FALSE(a.is_equal(*kslab::kmalloc_resource()));
    EXPECT_FALSE(kslab::kmalloc_resource()->is_equal(a));
    EXPECT_TRUE(kslab::kmalloc_resource()->is_equal(*kslab::kmalloc_resource()));
    EXPECT_EQ(a.upstream(), kslab::kmalloc_resource());
}

TEST(cxx_resource, feeds_pmr_containers) {
    counting upstream;
    kslab::cache<kslab::room_for<32>> cache(nullptr, 0, &upstream);
    {
        std::pmr::list<int> list(&cache);
        for (int i = 0; i < 1000; i++) list.push_back(i);
        EXPECT_EQ(upstream.calls, 0u) << "nodes of 24 bytes";
        std::pmr::list<int> other(&cache);
        other.splice(other.end(), list, list.begin(), std::next(list.begin(), 500));
        EXPECT_EQ(other.back(), 499);
        std::pmr::vector<int> vector(&cache);
        for (int i = 0; i < 1000; i++) vector.push_back(i);
        EXPECT_EQ(upstream.calls, 7u) << "8 ints fit, then 16 to 1024";
        std::pmr::list<int> elsewhere(std::move(other), std::pmr::new_delete_resource());
        EXPECT_EQ(elsewhere.size(), 500u);
    }
    EXPECT_EQ(upstream.bytes_out, 0u);
    EXPECT_TRUE(is_empty(cache.native()));
}

TEST(cxx_resource, kmalloc_aligns_to_anything) {
    std::pmr::memory_resource* resource = kslab::kmalloc_resource();
    kslab::trim_everything();
    size_t used = kslab::all_pages.stats().used;
    for (size_t alignment = 1; alignment <= 1 << 20; alignment *= 2)
        for (size_t bytes : {size_t{0}, size_t{1}, size_t{3}, size_t{8}, size_t{24}, alignment - 1, alignment,
                             alignment + 1, alignment * 3, size_t{5000}, size_t{100000}}) {
            char* memory[3];
            for (char*& p : memory) {
                p = static_cast<char*>(resource->allocate(bytes, alignment));
                ASSERT_NE(p, nullptr);
                EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % alignment, 0u) << bytes << ' ' << alignment;
                memset(p, 'm', bytes);
            }
            for (char* p : memory) resource->deallocate(p, bytes, alignment);
        }
    kslab::trim_everything();
    EXPECT_LE(kslab::all_pages.stats().used, used + 64) << "arrays of this thread may have been made";
    for (size_t alignment : {1ul, 64ul, 4096ul, 8192ul, 1ul << 40})
        for (size_t bytes : {~size_t{0}, ~size_t{0} / 2 + 2, ~size_t{0} / 2, size_t{1} << 62})
            EXPECT_THROW((void)resource->allocate(bytes, alignment), std::bad_alloc) << bytes << ' ' << alignment;
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
