// kmem_cache_create, row by row: what is refused with which line and which errno, what is taken, and that the same
// holds with debugging and without merging.
#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>

#include <string>

#include "cache/kmem_cache.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"

namespace {

using user_cache = struct ::kmem_cache;
using legacy = void (*)(void*, user_cache*, unsigned long);

void new_style(void*) {}
void old_style(void*, user_cache*, unsigned long) {}

struct row {
    const char* name;
    size_t size, align;
    unsigned long flags;
    const char* line;  // null: a cache, and nothing is printed
    enum { none, modern, ctor_2_6, both_2_6, only_dtor } functions = none;
};

constexpr const char* kName = "a cache needs a name";
constexpr const char* kSmall = "objects have at least 8 bytes";
constexpr const char* kLarge = "objects have at most 131072 bytes";
constexpr const char* kPower = "the alignment is no power of two";
constexpr const char* kPage = "the alignment is at most 4096";
constexpr const char* kFlag = "a flag is unknown";
constexpr const char* kDestructor = "a destructor needs a constructor";
constexpr const char* kStable = "SLAB_POISON would overwrite what readers of type-stable memory look at";

const row rows[] = {
    {nullptr, 64, 0, 0, kName},
    {"", 64, 0, 0, kName},
    {nullptr, 0, 3, ~SLAB_PANIC, kName},  // the first thing that is wrong is named
    {"r", 0, 0, 0, kSmall},
    {"r", 1, 0, 0, kSmall},
    {"r", 7, 0, 0, kSmall},
    {"r", 8, 0, 0, nullptr},
    {"r", 9, 0, 0, nullptr},
    {"r", 131071, 0, 0, nullptr},
    {"r", 131072, 0, 0, nullptr},
    {"r", 131073, 0, 0, kLarge},
    {"r", size_t{1} << 32, 0, 0, kLarge},
    {"r", ~size_t{0}, 0, 0, kLarge},
    {"r", ~size_t{0} - 7, 0, 0, kLarge},
    {"r", 64, 1, 0, nullptr},
    {"r", 64, 2, 0, nullptr},
    {"r", 64, 3, 0, kPower},
    {"r", 64, 24, 0, kPower},
    {"r", 64, 64, 0, nullptr},
    {"r", 64, 4095, 0, kPower},
    {"r", 64, 4096, 0, nullptr},
    {"r", 64, 4097, 0, kPower},
    {"r", 64, 8192, 0, kPage},
    {"r", 64, size_t{1} << 63, 0, kPage},
    {"r", 64, ~size_t{0}, 0, kPower},
    {"r", 64, 0, 0x1, kFlag},   // kslab's own bits among them
    {"r", 64, 0, 0x2, kFlag},
    {"r", 64, 0, 0x100, kFlag},
    {"r", 64, 0, 0x1000, kFlag},
    {"r", 64, 0, 0x400000, kFlag},
    {"r", 64, 0, 0x80000000, kFlag},
    {"r", 64, 0, 1ul << 63, kFlag},
    {"r", 64, 0, SLAB_HWCACHE_ALIGN | 0x4, kFlag},
    {"r", 64, 0, SLAB_DESTROY_BY_RCU | SLAB_POISON, kStable},
    {"r", 64, 0, SLAB_DESTROY_BY_RCU | SLAB_RED_ZONE, nullptr},
    {"r", 64, 0, SLAB_TYPESAFE_BY_RCU, nullptr},
    {"r", 64, 0, SLAB_DESTROY_BY_RCU | SLAB_STORE_USER, nullptr},
    {"r", 64, 0, 0, kDestructor, row::only_dtor},
    {"r", 64, 0, 0, nullptr, row::ctor_2_6},
    {"r", 64, 0, 0, nullptr, row::both_2_6},
    {"r", 64, 0, 0, nullptr, row::modern},
    {"r", 64, 0, SLAB_DESTROY_BY_RCU, nullptr, row::both_2_6},
    {"r", 64, 0, SLAB_HWCACHE_ALIGN, nullptr},
    {"r", 64, 0, SLAB_MUST_HWCACHE_ALIGN, nullptr},
    {"r", 64, 0, SLAB_CACHE_DMA, nullptr},
    {"r", 64, 0, SLAB_RECLAIM_ACCOUNT, nullptr},
    {"r", 64, 0, SLAB_PANIC, nullptr},
    {"r", 64, 0, SLAB_MEM_SPREAD, nullptr},
    {"r", 64, 0, SLAB_NOLEAKTRACE | SLAB_NOTRACK | SLAB_ACCOUNT, nullptr},
    {"r", 64, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, nullptr},
    {"r", 64, 0, SLAB_DEBUG_INITIAL, nullptr, row::ctor_2_6},
    {"r", 64, 4096, SLAB_HWCACHE_ALIGN | SLAB_RED_ZONE, nullptr},
};

user_cache* create(const row& r) {
    if (r.functions == row::none) return kmem_cache_create(r.name, r.size, r.align, r.flags, nullptr);
    if (r.functions == row::modern) return kmem_cache_create(r.name, r.size, r.align, r.flags, new_style);
    legacy ctor = r.functions == row::only_dtor ? nullptr : old_style;
    legacy dtor = r.functions == row::ctor_2_6 ? nullptr : old_style;
    return kmem_cache_create_dtor(r.name, r.size, r.align, r.flags, ctor, dtor);
}

std::string line_of(const row& r) {
    if (r.line == nullptr) return "";
    return "kslab: kmem_cache_create(" + std::string(r.name == nullptr ? "null" : r.name) + ", " + std::to_string(r.size) +
           ") failed: " + r.line + "\n";
}

void expect_rows() {
    for (const row& r : rows) {
        SCOPED_TRACE(std::to_string(&r - rows));
        kslab_last_report[0] = '\0';
        errno = 0;
        user_cache* cache = create(r);
        EXPECT_EQ(kslab_last_report, line_of(r));
        EXPECT_EQ(errno, r.line == nullptr ? 0 : EINVAL);
        EXPECT_EQ(cache == nullptr, r.line != nullptr);
        if (cache == nullptr) continue;
        EXPECT_STREQ(kmem_cache_name(cache), r.name);
        EXPECT_EQ(kmem_cache_size(cache), r.size);
        gfp_t gfp = (r.flags & SLAB_CACHE_DMA) != 0 ? GFP_KERNEL | GFP_DMA : GFP_KERNEL;
        void* object = kmem_cache_alloc(cache, gfp);
        ASSERT_NE(object, nullptr);
        if (r.align != 0) {
            EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % r.align, 0u);
        }
        if (r.functions == row::none) memset(object, 1, r.size);
        kmem_cache_free(cache, object);
        kmem_cache_destroy(cache);
        EXPECT_STREQ(kslab_last_report, "");
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cache_create, every_row) {
    static_assert(sizeof rows / sizeof rows[0] >= 50);
    expect_rows();
}

CHILD_PROGRAM(every_row) { expect_rows(); }

TEST(cache_create, every_row_without_merging_and_with_debugging) {
    for (const char* option : {"KSLAB_NOMERGE=1", "KSLAB_STATS=1", "KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=1", "KSLAB_DEBUG=full", "KSLAB_GEOMETRY=kernel"}) {
        test::outcome end = test::rerun("every_row", {option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

// ---- Names

constexpr const char* kOther = "there is another cache of that name";

// The cache of that name exists; a like one shares it, another is refused.
void expect_duplicates() {
    user_cache* first = kmem_cache_create("dup", 100, 0, 0, nullptr);
    user_cache* like = kmem_cache_create("dup", 100, 0, 0, nullptr);
    EXPECT_NE(like, nullptr) << kslab_last_report;
    for (row r : {row{"dup", 200, 0, 0, kOther}, row{"dup", 100, 256, 0, kOther}, row{"dup", 100, 0, SLAB_RECLAIM_ACCOUNT, kOther},
                  row{"dup", 100, 0, SLAB_NO_MERGE, kOther}, row{"dup", 100, 0, SLAB_RED_ZONE, kOther},
                  row{"dup", 100, 0, 0, kOther, row::modern}, row{"dup", 100, 0, 0, kOther, row::both_2_6},
                  row{"kmalloc-64", 64, 0, 0, kOther}}) {
        errno = 0;
        EXPECT_EQ(create(r), nullptr) << r.size;
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(kslab_last_report, line_of(r));
    }
    kmem_cache_destroy(like);
    kmem_cache_destroy(first);
    kslab_last_report[0] = '\0';
    user_cache* free_again = kmem_cache_create("dup", 200, 0, 0, new_style);
    EXPECT_NE(free_again, nullptr);
    kmem_cache_destroy(free_again);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(cache_create, a_name_is_shared_by_like_caches_only) {
    kfree(kmalloc(64, 0));
    expect_duplicates();
}

CHILD_PROGRAM(duplicates) { expect_duplicates(); }

TEST(cache_create, debugging_refuses_no_name_that_is_taken_without) {
    for (const char* option : {"KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=full", "KSLAB_DEBUG=FZ,dup", "KSLAB_STATS=1"}) {
        test::outcome end = test::rerun("duplicates", {option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

CHILD_PROGRAM(no_duplicates) {
    user_cache* first = kmem_cache_create("dup", 100, 0, 0, nullptr);
    errno = 0;
    EXPECT_EQ(kmem_cache_create("dup", 100, 0, 0, nullptr), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(kslab_last_report, line_of({"dup", 100, 0, 0, kOther}));
    user_cache* other = kmem_cache_create("other", 100, 0, 0, nullptr);
    EXPECT_NE(other, first);
    kmem_cache_destroy(first);
    kmem_cache_destroy(other);
}

TEST(cache_create, without_merging_every_duplicate_is_refused) {
    test::outcome end = test::rerun("no_duplicates", {"KSLAB_NOMERGE=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(cache_create, a_long_name_is_compared_as_it_is_kept) {
    std::string name(40, 'n');
    user_cache* first = kmem_cache_create(name.c_str(), 64, 0, SLAB_NO_MERGE, nullptr);
    EXPECT_EQ(kmem_cache_create((name + "x").c_str(), 64, 0, SLAB_NO_MERGE, nullptr), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(strlen(kmem_cache_name(first)), 31u);
    kmem_cache_destroy(first);
}

TEST(cache_create, a_blank_in_the_name_is_worth_a_line) {
    for (const char* name : {"two words", " first", "last ", "tab\tbed", "line\nbroken"}) {
        kslab_last_report[0] = '\0';
        user_cache* cache = kmem_cache_create(name, 64, 0, 0, nullptr);
        ASSERT_NE(cache, nullptr);
        std::string shown = name;
        for (char& letter : shown)
            if (letter < ' ') letter = '?';
        EXPECT_EQ(kslab_last_report, "kslab: kmem_cache_create(" + shown +
                                         "): the name has a blank, which readers of slabinfo stumble over\n");
        kmem_cache_destroy(cache);
    }
}

// ---- SLAB_PANIC

TEST(cache_create, panic_aborts_with_the_line_of_each_refusal) {
    kfree(kmalloc(64, 0));
    for (const row& r : rows) {
        if (r.line == nullptr || (r.flags & ~(SLAB_POISON | SLAB_RED_ZONE | SLAB_DESTROY_BY_RCU)) != 0) continue;
        row panics = r;
        panics.flags |= SLAB_PANIC;
        test::outcome end = test::in_fork([&] { create(panics); });
        EXPECT_EQ(end.signal, SIGABRT);
        EXPECT_EQ(end.report, line_of(r));
    }
    row taken{"kmalloc-64", 64, 0, SLAB_PANIC, kOther};
    test::outcome end = test::in_fork([&] { create(taken); });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, line_of(taken));
}

// ---- What is kmalloc's

TEST(cache_create, a_cache_of_kmalloc_is_not_destroyed) {
    user_cache* general = kmem_find_general_cachep(64, 0);
    errno = 0;
    kmem_cache_destroy(general);
    EXPECT_EQ(errno, EBUSY);
    EXPECT_STREQ(kslab_last_report, "kslab: kmem_cache_destroy kmalloc-64: it is kmalloc's; the cache stays\n");
    kfree(kmalloc(64, 0));
}

int available_at_start = -1;
void look_first() { available_at_start = slab_is_available(); }
// Before any constructor, kslab's among them.
__attribute__((section(".preinit_array"), used)) void (*first_look)() = look_first;

CHILD_PROGRAM(first_allocation) {
    EXPECT_EQ(available_at_start, 0);
    kfree(kmalloc(1, 0));
    EXPECT_EQ(slab_is_available(), 1);
}

TEST(cache_create, slab_is_available_from_the_first_allocation_on) {
    EXPECT_EQ(test::rerun("first_allocation").exit_code, 0);
}

}  // namespace
