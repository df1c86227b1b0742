// kslab::allocator: containers, arrays, alignment, threads, where the memory comes from and that it comes back.
#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/cache.hpp"
#include "kslab/rcu.h"
#include "pages/page_allocator.h"
#include "support/child.h"

namespace {

template <typename T>
using list = std::list<T, kslab::allocator<T>>;
template <typename K, typename V>
using map = std::map<K, V, std::less<>, kslab::allocator<std::pair<const K, V>>>;
template <typename K, typename V>
using hash_map = std::unordered_map<K, V, std::hash<K>, std::equal_to<>, kslab::allocator<std::pair<const K, V>>>;
template <typename T>
using vector = std::vector<T, kslab::allocator<T>>;
using string = std::basic_string<char, std::char_traits<char>, kslab::allocator<char>>;

// The cache of the allocator for type T.
template <typename T>
kslab::kmem_cache* cache_of() {
    return reinterpret_cast<kslab::kmem_cache*>(kslab::detail::cache_of_type<T>());
}

bool has_cache(const char* name) {
    bool found = false;
    kslab::for_each_cache([&](kslab::kmem_cache* cache) { found = found || strcmp(cache->name, name) == 0; });
    return found;
}

bool is_empty(kslab::kmem_cache* cache) {
    kslab::drain_this_thread();
    return kslab::cache_shrink_node(cache);
}

// ---- What the standard asks for

using traits = std::allocator_traits<kslab::allocator<int>>;
static_assert(std::is_same_v<traits::rebind_alloc<long>, kslab::allocator<long>>);
static_assert(traits::is_always_equal::value && traits::propagate_on_container_swap::value);
static_assert(traits::propagate_on_container_copy_assignment::value);
static_assert(traits::propagate_on_container_move_assignment::value);
static_assert(std::is_same_v<traits::pointer, int*> && std::is_same_v<traits::size_type, size_t>);
static_assert(std::is_nothrow_copy_constructible_v<kslab::allocator<int>>);
static_assert(std::is_empty_v<kslab::allocator<int>>);
static_assert(kslab::allocator<int>() == kslab::allocator<long>());
static_assert(!(kslab::allocator<int>() != kslab::allocator<long>()));
static_assert(std::is_nothrow_move_assignable_v<list<int>>);

// ---- Containers

TEST(cxx_allocator, a_list_has_a_cache_of_nodes) {
    list<int> numbers;
    for (int i = 0; i < 1000; i++) numbers.push_back(i);
    kslab::kmem_cache* cache = cache_of<std::_List_node<int>>();
    EXPECT_EQ(cache->object_size, 24u);
    EXPECT_GE(cache->node.num_objects, 1000u);
    list<int> copy = numbers, moved = std::move(numbers), swapped;
    swap(swapped, copy);
    swapped.splice(swapped.begin(), moved);
    EXPECT_EQ(swapped.size(), 2000u);
    EXPECT_FALSE(is_empty(cache));
    swapped.clear();
    EXPECT_TRUE(is_empty(cache));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cxx_allocator, maps_agree_with_the_standard_ones) {
    map<int, std::string> tree;
    hash_map<int, string> table;
    std::map<int, std::string> model;
    unsigned state = 1;
    for (int step = 0; step < 30000 / static_cast<int>(kSanitizerFactor); step++) {
        state = state * 1664525u + 1013904223u;
        int key = static_cast<int>(state >> 16) % 500;
        if ((state & 0x800) != 0) {
            model[key] = std::string(state >> 24, 'v');
            tree[key] = model[key];
            table[key] = model[key].c_str();
        } else {
            size_t erased = model.erase(key);
            ASSERT_EQ(tree.erase(key), erased);
            ASSERT_EQ(table.erase(key), erased);
        }
    }
    ASSERT_TRUE(std::equal(model.begin(), model.end(), tree.begin(), tree.end()));
    ASSERT_EQ(model.size(), table.size());
    for (auto& [key, value] : model) ASSERT_EQ(table.at(key), value.c_str());
    tree.clear();
    EXPECT_TRUE(is_empty(cache_of<std::_Rb_tree_node<std::pair<const int, std::string>>>()));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

struct tree_of_itself {
    vector<tree_of_itself> children;
    list<tree_of_itself> more;
};

TEST(cxx_allocator, everything_else_too) {
    kslab::trim_everything();
    size_t used = kslab::all_pages.stats().used;
    {
        vector<int> grows;
        for (int i = 0; i < 100000; i++) grows.push_back(i);
        EXPECT_EQ(grows[99999], 99999);
        std::deque<long, kslab::allocator<long>> ends;
        for (int i = 0; i < 10000; i++) ends.push_back(i), ends.push_front(-i);
        EXPECT_EQ(ends.front() + ends.back(), 0);
        std::set<string, std::less<>, kslab::allocator<string>> words{"one", "two", string(100, 'x')};
        EXPECT_EQ(words.count("two"), 1u);
        auto shared = std::allocate_shared<std::string>(kslab::allocator<void>(), "shared");
        EXPECT_EQ(*shared, "shared");
        tree_of_itself root;
        root.children.resize(3);
        root.children[1].more.emplace_back().children.resize(2);
        vector<bool> bits(1000, true);
        EXPECT_TRUE(bits[999]);
    }
    kslab::trim_everything();
    EXPECT_LE(kslab::all_pages.stats().used, used + 64) << "arrays of this thread may have been made";
}

// ---- Sizes and alignments

template <size_t Size, size_t Alignment>
struct alignas(Alignment) aligned {
    char bytes[Size];
};

// Twenty of what `allocate` returns are aligned, and do not overlap in `bytes`.
template <typename T, typename Allocate, typename Deallocate>
void expect_good(size_t alignment, size_t bytes, Allocate allocate, Deallocate deallocate) {
    T* memory[20];
    for (size_t i = 0; i < 20; i++) {
        memory[i] = allocate();
        EXPECT_EQ(reinterpret_cast<uintptr_t>(memory[i]) % alignment, 0u) << sizeof(T) << ", " << bytes;
        memset(static_cast<void*>(memory[i]), static_cast<int>(i), bytes);
    }
    for (size_t i = 0; i < 20; i++) {
        const char* content = reinterpret_cast<const char*>(memory[i]);
        ASSERT_EQ(std::count(content, content + bytes, static_cast<char>(i)), static_cast<ptrdiff_t>(bytes));
        deallocate(memory[i]);
    }
}

template <typename T>
void expect_aligned() {
    kslab::allocator<T> allocator;
    for (size_t n = 0; n <= 9; n++)
        expect_good<T>(n == 0 ? 1 : alignof(T), n * sizeof(T), [&] { return allocator.allocate(n); },
                       [&](T* p) { allocator.deallocate(p, n); });
    if constexpr (sizeof(T) <= kslab::kMaxObjectSize) {
        kslab::cache<T> cache;
        expect_good<T>(alignof(T), sizeof(T), [&] { return cache.allocate(); }, [&](T* p) { cache.deallocate(p); });
        EXPECT_TRUE(is_empty(reinterpret_cast<kslab::kmem_cache*>(cache.native())));
    }
}

template <size_t Size, size_t... Powers>
void expect_all_aligned(std::index_sequence<Powers...>) {
    (expect_aligned<aligned<Size, size_t{1} << Powers>>(), ...);
}

TEST(cxx_allocator, every_alignment_up_to_a_page) {
    using powers = std::make_index_sequence<13>;
    expect_all_aligned<1>(powers());
    expect_all_aligned<24>(powers());
    expect_all_aligned<100>(powers());
    expect_all_aligned<5000>(powers());
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// With redzones and guard pages kmalloc aligns to 16 only.
CHILD_PROGRAM(cxx_aligned_in_debugging) {
    using powers = std::make_index_sequence<13>;
    expect_all_aligned<24>(powers());
    expect_all_aligned<5000>(powers());
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}
TEST(cxx_allocator, every_alignment_with_debugging) {
    for (const char* switches : {"KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=G"}) {
        test::outcome end = test::rerun("cxx_aligned_in_debugging", {switches, "KSLAB_EXITCODE=9"});
        EXPECT_EQ(end.exit_code, 0) << switches << '\n' << end.report;
    }
}

TEST(cxx_allocator, objects_too_large_for_a_cache_come_from_kmalloc) {
    expect_aligned<aligned<131072, 1>>();
    expect_aligned<aligned<131073, 1>>();
    expect_aligned<aligned<200000, 4096>>();
    list<aligned<200000, 64>> large(3);
    EXPECT_EQ(large.size(), 3u);
}

TEST(cxx_allocator, impossible_lengths_throw) {
    kslab::allocator<int> allocator;
    EXPECT_THROW((void)allocator.allocate(~size_t{0}), std::bad_array_new_length);
    EXPECT_THROW((void)allocator.allocate(~size_t{0} / 8 + 1), std::bad_array_new_length);
    EXPECT_THROW((void)allocator.allocate(~size_t{0} / 8), std::bad_alloc);
    kslab::allocator<aligned<64, 64>> wide;
    EXPECT_THROW((void)wide.allocate(~size_t{0} / 130), std::bad_alloc);
    EXPECT_THROW((void)wide.allocate(~size_t{0} / 64), std::bad_array_new_length);
}

// ---- Exceptions

struct thrower {
    static inline int left = 0;
    thrower() {
        if (left-- == 0) throw 42;
    }
    thrower(const thrower&) : thrower() {}
    int n = 0;
};

TEST(cxx_allocator, constructors_that_throw_lose_nothing) {
    list<thrower> elements;
    for (int i = 0; i < 50; i++) {
        thrower::left = i;
        EXPECT_THROW(for (;;) elements.emplace_back(), int);
        EXPECT_EQ(elements.size(), static_cast<size_t>(i));
        elements.clear();
        thrower::left = i;
        EXPECT_THROW(vector<thrower>(100), int);
    }
    EXPECT_TRUE(is_empty(cache_of<std::_List_node<thrower>>()));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

CHILD_PROGRAM(cxx_no_nodes) {
    EXPECT_FALSE(has_cache("std::_List_node<int>")) << "nothing before the first use";
    list<int> elements{1, 2, 3};
    EXPECT_TRUE(has_cache("std::_List_node<int>"));
    EXPECT_THROW(elements.push_back(4), std::bad_alloc);
    EXPECT_EQ(elements.size(), 3u);
    elements.push_back(4);
    EXPECT_EQ(elements.size(), 4u);
}
TEST(cxx_allocator, a_node_that_cannot_be_had_is_bad_alloc) {
    test::outcome end = test::rerun("cxx_no_nodes", {"KSLAB_FAIL=cache:std::_List_node<int>,nth:4"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Threads

// A callback that the making of a cache runs may want a cache of the same type, or a name.
struct node_of_both {
    int of[9];
};
struct node_of_the_program {
    int of[5];
};
rcu_head waiting;
bool called_back;
void use_containers(rcu_head*) {
    std::list<node_of_both, kslab::allocator<node_of_both>> list;
    list.emplace_back();
    called_back = true;
}

TEST(cxx_allocator, callbacks_may_come_back_while_a_cache_is_made) {
    for (bool same : {false, true}) {
        EXPECT_EQ(test::in_fork([=] {
                      kfree(kmalloc(2000, GFP_KERNEL));
                      call_rcu(&waiting, use_containers);
                      usleep(30000);
                      if (same) {
                          std::list<node_of_both, kslab::allocator<node_of_both>> list;
                          list.emplace_back();
                      } else {
                          kslab::cache<node_of_the_program> cache;
                      }
                      rcu_barrier();
                      _exit(called_back ? 0 : 3);
                  }).exit_code,
                  0);
    }
}

TEST(cxx_allocator, caches_of_low_memory_are_refused) {
    EXPECT_THROW((kslab::cache<node_of_both>("low", SLAB_CACHE_DMA)), std::invalid_argument);
}

TEST(cxx_allocator, containers_and_their_elements_travel_between_threads) {
    constexpr int kThreads = 3, kRounds = 300 / kSanitizerFactor;
    using letter = list<std::pair<int, string>>;
    std::mutex lock;
    vector<letter> post;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([&, t] {
            map<int, string> own;
            for (int round = 0; round < kRounds; round++) {
                letter out, in;
                for (int i = 0; i < 200; i++) {
                    own[(i * 7 + round) % 300] = string(static_cast<size_t>(i % 60), static_cast<char>('a' + t));
                    out.emplace_back(i, string(static_cast<size_t>(i % 60), 'l'));
                    if (i % 3 == 0) own.erase((i * 5 + round) % 300);
                }
                {
                    std::lock_guard guard(lock);
                    post.push_back(std::move(out));
                    if (post.size() > 5) in = std::move(post.front()), post.erase(post.begin());
                }
                for (auto& [i, text] : in) ASSERT_EQ(text, string(static_cast<size_t>(i % 60), 'l'));
            }
            for (auto& [key, text] : own) ASSERT_EQ(text.find_first_not_of(static_cast<char>('a' + t)), string::npos);
        });
    for (std::thread& thread : threads) thread.join();
    post.clear();
    EXPECT_TRUE(is_empty(cache_of<std::_List_node<std::pair<int, string>>>()));
    EXPECT_TRUE(is_empty(cache_of<std::_Rb_tree_node<std::pair<const int, string>>>()));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

}  // namespace
