// kslab::cache and kslab::kmalloc_resource as memory resources, and the names of caches.
#include <gtest/gtest.h>
#include <string.h>

#include <list>
#include <memory_resource>
#include <set>
#include <string>
#include <vector>

#include "cache/node.h"
#include "kmalloc/kmalloc.h"
#include "kslab/cache.hpp"
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
constexpr bool is_char_pointer(const char* name) { return same(name, "char_") || same(name, "char__"); }
static_assert(is_char_pointer(kslab::type_name<char*>.text), "* would be a pattern; clang writes `char *`");
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
    // Unnamed namespaces of two files may have types of one name and two sizes.
    kslab::cache_name name_of_twins = kslab::detail::make_name("twin", 4);
    EXPECT_STREQ(kslab::detail::unused_name(name_of_twins).text, "twin");
    EXPECT_STREQ(kslab::detail::unused_name(name_of_twins).text, "twin#2");
}
TEST(cxx_name, the_second_cache_of_a_type_has_a_number) {
    test::outcome end = test::rerun("cxx_numbers", {"KSLAB_NOMERGE=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
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
    for (size_t alignment : {1ul, 64ul, 4096ul, 8192ul, 1ul << 40, 1ul << 63})
        for (size_t bytes : {~size_t{0}, ~size_t{0} / 2 + 2, ~size_t{0} / 2, size_t{1} << 62})
            EXPECT_THROW((void)resource->allocate(bytes, alignment), std::bad_alloc) << bytes << ' ' << alignment;
}

}  // namespace
