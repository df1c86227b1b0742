// kmalloc and its kin against an independent table of classes: addresses, sizes, contents, with and without debugging.
// full: kmalloc_family.kmem_ptr_validate_takes_its_objects_and_nothing_else
#include <gtest/gtest.h>
#include <string.h>

#include <set>
#include <string>
#include <vector>

#include "debug/object/objects.h"
#include "debug/object/validate_heap.h"
#include "debug/stack/stack_depot.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using user_cache = struct ::kmem_cache;

constexpr size_t kMost = size_t{300} << 10;
constexpr size_t kPage = 4096;

uintptr_t address(const void* p) { return reinterpret_cast<uintptr_t>(p); }
bool is_power(size_t n) { return (n & (n - 1)) == 0; }

// The classes of the default profile: the kernel's and three more to 256, then quarters of a doubling, and room for a header;
// beyond 8 KiB those of the quarters that are whole pages.
std::vector<size_t> classes() {
    std::vector<size_t> table{8, 16, 32, 48, 64, 80, 96, 112, 128, 192, 256};
    for (size_t base = 256; base < 8192; base *= 2) {
        if (base == 1024 || base == 2048) table.push_back(base / 16 * 17);
        if (base == 4096) table.push_back(4608);
        for (size_t quarter = 5; quarter <= 8; quarter++) table.push_back(base / 4 * quarter);
    }
    for (size_t size : {12288, 16384}) table.push_back(size);
    for (size_t base = 16384; base < kslab::kLargestWholePages; base *= 2)
        for (size_t quarter = 5; quarter <= 8; quarter++) table.push_back(base / 4 * quarter);
    return table;
}

// What may be used of n bytes: a class, or pages.
size_t least_usable(size_t n) {
    for (size_t size : classes())
        if (n <= size) return size;
    return (n + kPage - 1) / kPage * kPage;
}

size_t promised_alignment(size_t n) {
    if (n <= 8) return 8;
    if (!is_power(n)) return 16;
    return n < kPage ? n : kPage;
}

TEST(kmalloc_family, every_size_to_256_kib_has_its_class) {
    for (size_t n = 0; n <= kMost; n++) {
        auto* p = static_cast<char*>(kmalloc(n, n % 3 == 0 ? GFP_KERNEL : n % 3 == 1 ? GFP_ATOMIC : GFP_NOWAIT));
        if (n == 0) {
            ASSERT_EQ(p, ZERO_SIZE_PTR);
            ASSERT_EQ(ksize(p), 0u);
            kfree(p);
            continue;
        }
        ASSERT_EQ(address(p) % promised_alignment(n), 0u) << n;
        size_t usable = ksize(p);
        ASSERT_EQ(usable, least_usable(n)) << n;
        p[0] = p[usable - 1] = 1;
        kfree(p);
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(kmalloc_family, general_caches_are_those_of_the_table) {
    for (size_t n = 1; n <= kslab::kLargestWholePages; n++) {
        user_cache* cache = kmem_find_general_cachep(n, GFP_KERNEL);
        ASSERT_NE(cache, nullptr) << n;
        ASSERT_EQ(kmem_cache_size(cache), least_usable(n)) << n;
        ASSERT_EQ(kmem_cache_name(cache), "kmalloc-" + std::to_string(least_usable(n)));
        user_cache* low = kmem_find_general_cachep(n, GFP_DMA);
        ASSERT_EQ(kmem_cache_size(low), least_usable(n)) << n;
        ASSERT_EQ(kmem_cache_name(low), "dma-kmalloc-" + std::to_string(least_usable(n)));
    }
    for (size_t n : {kslab::kLargestWholePages + 1, kMost, ~size_t{0}})
        for (gfp_t gfp : {GFP_KERNEL, GFP_DMA}) EXPECT_EQ(kmem_find_general_cachep(n, gfp), nullptr) << n;
}

// Through the cache as through kmalloc: the same objects, and nobody else's.
void expect_general_caches() {
    user_cache* mine = kmem_cache_create("mine", 64, 0, SLAB_NO_MERGE, nullptr);
    std::vector<std::pair<user_cache*, void*>> live;
    for (int round = 0; round < 40; round++)
        for (size_t size : {8, 16, 64, 96, 1024, 8192})
            for (gfp_t gfp : {GFP_KERNEL, GFP_KERNEL | GFP_DMA}) {
                user_cache* cache = kmem_find_general_cachep(size, gfp);
                void* object = kmem_cache_alloc(cache, gfp);
                ASSERT_NE(object, nullptr);
                ASSERT_GE(ksize(object), size);
                ASSERT_EQ(kmem_ptr_validate(cache, object), 1);
                memset(object, round, size);
                live.push_back({cache, object});
                live.push_back({mine, kmem_cache_alloc(mine, GFP_KERNEL)});
                ASSERT_EQ(kmem_ptr_validate(mine, live.back().second), 1);
            }
    std::set<void*> different;
    for (auto& [cache, object] : live) different.insert(object);
    EXPECT_EQ(different.size(), live.size());
    for (auto& [cache, object] : live) kmem_cache_free(cache, object);
    kmem_cache_destroy(mine);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    EXPECT_STREQ(kslab_last_report, "");
}

CHILD_PROGRAM(general_caches) { expect_general_caches(); }

// Powers of two are aligned to themselves in every mode.
void expect_alignments() {
    std::vector<void*> live;
    for (size_t n = 1; n <= 65536; n = n < 300 ? n + 1 : n * 9 / 8)
        for (size_t size : {n, n & (0 - n), size_t{1} << (63 - __builtin_clzl(n))})
            for (gfp_t gfp : {GFP_KERNEL, GFP_KERNEL | GFP_DMA}) {
                auto* p = static_cast<char*>(kmalloc(size, gfp));
                ASSERT_NE(p, nullptr);
                ASSERT_EQ(address(p) % promised_alignment(size), 0u) << size;
                if ((gfp & GFP_DMA) != 0) {
                    ASSERT_LT(address(p) + ksize(p), uintptr_t{1} << 31) << size;
                }
                memset(p, 3, size);
                live.push_back(p);
                p = static_cast<char*>(krealloc(kmalloc(1, gfp), size, gfp));
                ASSERT_EQ(address(p) % promised_alignment(ksize(p) == size ? size : 1), 0u) << size;
                kfree(p);
            }
    for (void* p : live) kfree(p);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

CHILD_PROGRAM(alignments) { expect_alignments(); }

// ---- Addresses and contents

void fill(void* p, size_t size, uint64_t seed) {
    test::random random(seed);
    for (size_t i = 0; i < size; i++) static_cast<unsigned char*>(p)[i] = static_cast<unsigned char>(random.next());
}
void expect_filled(const void* p, size_t size, uint64_t seed) {
    test::random random(seed);
    for (size_t i = 0; i < size; i++)
        ASSERT_EQ(static_cast<const unsigned char*>(p)[i], static_cast<unsigned char>(random.next())) << i << " of " << size;
}

void expect_krealloc() {
    test::random random(3);
    for (int step = 0; step < 2000 / static_cast<int>(kSanitizerFactor); step++) {
        size_t size = random.doubling(100000);
        size_t wanted = random.doubling(100000);
        void* p = kmalloc(size, GFP_KERNEL);
        fill(p, size, static_cast<uint64_t>(step));
        size_t usable = ksize(p);
        ASSERT_GE(usable, size);
        bool keeps = random.one_in(2);
        void* q = keeps ? __krealloc(p, wanted, GFP_KERNEL) : krealloc(p, wanted, GFP_KERNEL);
        ASSERT_NE(q, nullptr);
        if (usable >= wanted) {
            ASSERT_EQ(q, p) << size << " to " << wanted;
        }
        ASSERT_GE(ksize(q), wanted);
        expect_filled(q, size < wanted ? size : wanted, static_cast<uint64_t>(step));
        if (keeps && q != p) {
            expect_filled(p, size, static_cast<uint64_t>(step));
            kfree(p);
        }
        kfree(q);
    }
    EXPECT_EQ(krealloc(kmalloc(50, GFP_KERNEL), 0, GFP_KERNEL), ZERO_SIZE_PTR);
    EXPECT_EQ(krealloc(nullptr, 0, GFP_KERNEL), ZERO_SIZE_PTR);
    void* p = kmalloc(50, GFP_KERNEL);
    EXPECT_EQ(__krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
    memset(p, 1, 50);  // lives on
    kfree(p);
    for (const void* none : {static_cast<const void*>(nullptr), static_cast<const void*>(ZERO_SIZE_PTR)})
        for (auto* function : {krealloc, __krealloc}) {
            auto* fresh = static_cast<char*>(function(none, 100, GFP_KERNEL | __GFP_ZERO));
            for (int i = 0; i < 100; i++) ASSERT_EQ(fresh[i], 0);
            kfree(fresh);
        }
    EXPECT_EQ(krealloc(nullptr, ~size_t{0} / 2, GFP_KERNEL), nullptr);
    p = kmalloc(77, GFP_KERNEL);
    fill(p, 77, 9);
    EXPECT_EQ(krealloc(p, ~size_t{0} / 2, GFP_KERNEL), nullptr);
    expect_filled(p, 77, 9);
    kfree(p);
}

void expect_arrays() {
    for (size_t count : {size_t{0}, size_t{1}, size_t{3}, size_t{1000}})
        for (size_t size : {size_t{0}, size_t{1}, size_t{24}, size_t{500}}) {
            void* p = kmalloc_array(count, size, GFP_KERNEL);
            auto* q = static_cast<char*>(kcalloc(count, size, GFP_KERNEL));
            if (count * size == 0) {
                EXPECT_EQ(p, ZERO_SIZE_PTR);
                EXPECT_EQ(q, ZERO_SIZE_PTR);
            } else {
                EXPECT_GE(ksize(p), count * size);
                for (size_t i = 0; i < count * size; i++) ASSERT_EQ(q[i], 0);
            }
            kfree(p);
            kfree(q);
        }
    size_t half = size_t{1} << 32;
    struct {
        size_t count, size;
    } overflows[] = {{half, half}, {~size_t{0}, 2}, {2, ~size_t{0}}, {~size_t{0}, ~size_t{0}}, {half + 1, half}, {3, ~size_t{0} / 2}};
    for (auto& o : overflows) {
        EXPECT_EQ(kmalloc_array(o.count, o.size, GFP_KERNEL), nullptr);
        EXPECT_EQ(kcalloc(o.count, o.size, GFP_KERNEL), nullptr);
        EXPECT_EQ(kvmalloc_array(o.count, o.size, GFP_KERNEL), nullptr);
        EXPECT_EQ(kvcalloc(o.count, o.size, GFP_KERNEL), nullptr);
    }
}

void expect_others() {
    for (size_t size : {1, 8, 40, 4096, 8192, 20000, 300000})
        for (int node : {-1, 0, 1, 2, 15, 1000}) {
            void* p = kmalloc_node(size, GFP_KERNEL, node);
            auto* q = static_cast<char*>(kzalloc_node(size, GFP_KERNEL, node));
            ASSERT_NE(p, nullptr);
            for (size_t i = 0; i < size; i++) ASSERT_EQ(q[i], 0);
            memset(p, 0xee, size);
            memset(q, 0xee, size);
            kfree(p);
            kvfree(q);
        }
    EXPECT_EQ(kmalloc_node(0, GFP_KERNEL, 0), ZERO_SIZE_PTR);
    for (size_t size : {size_t{100}, size_t{5} << 20, size_t{64} << 20}) {
        auto* p = static_cast<char*>(kvzalloc(size, GFP_KERNEL));
        ASSERT_NE(p, nullptr);
        EXPECT_EQ(p[0] | p[size / 2] | p[size - 1], 0);
        p[size - 1] = 1;
        kvfree(p);
        kvfree(kvmalloc(size, GFP_KERNEL));
        kvfree(kvmalloc_node(size, GFP_KERNEL, 0));
    }
    void* pages = kmalloc_order(5000, GFP_KERNEL, 2);
    EXPECT_EQ(address(pages) % kPage, 0u);
    EXPECT_GE(ksize(pages), 4 * kPage - (kslab::debug_flags != 0 ? 0 : 0));
    kfree(pages);
    for (const void* none : {static_cast<const void*>(nullptr), static_cast<const void*>(ZERO_SIZE_PTR)}) {
        kfree(none);
        kvfree(none);
        kzfree(none);
        kfree_sensitive(none);
        EXPECT_EQ(ksize(none), 0u);
    }
}

void expect_family() {
    expect_general_caches();
    expect_alignments();
    expect_krealloc();
    expect_arrays();
    expect_others();
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(kmalloc_family, addresses_and_contents) { expect_family(); }

CHILD_PROGRAM(family) { expect_family(); }

TEST(kmalloc_family, the_same_in_every_mode) {
    for (const char* option : {"KSLAB_DEBUG=FZPQ", "KSLAB_DEBUG=FZ,kmalloc-64,kmalloc-4096", "KSLAB_DEBUG=FZPGQ", "KSLAB_DEBUG=FP", "KSLAB_STATS=1",
                               "KSLAB_GEOMETRY=kernel", "KSLAB_NODES=3"}) {
        test::outcome end = test::rerun("family", {option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

// ---- kfree_sensitive

// Freed, an object of a class stays where it is until it is handed out again: the next of its size is the same one.
TEST(kmalloc_family, a_freed_secret_is_gone) {
    for (size_t size : {8, 30, 64, 100, 1000, 8000}) {
        auto* p = static_cast<unsigned char*>(kmalloc(size, GFP_KERNEL));
        size_t usable = ksize(p);
        memset(p, 0xaa, usable);
        kfree_sensitive(p);
        auto* volatile freed = p;
        for (size_t i = 0; i < usable; i++) ASSERT_EQ(freed[i], 0) << size << ' ' << i;
        EXPECT_EQ(kmalloc(size, GFP_KERNEL), p);
        memset(p, 0xaa, usable);
        kfree(p);
        ASSERT_EQ(freed[usable - 1], 0xaa) << "the test would not see a secret";
    }
    for (size_t size : {20000, 300000}) {
        auto* p = static_cast<unsigned char*>(kmalloc(size, GFP_KERNEL));
        memset(p, 0xaa, ksize(p));
        kfree_sensitive(p);
        p = static_cast<unsigned char*>(kmalloc(size, GFP_KERNEL));
        for (size_t i = 0; i < size; i++) ASSERT_EQ(p[i], 0) << size << ' ' << i;
        kfree(p);
    }
}

// ---- Whose stack

const void* who_called;
__attribute__((noinline)) char* my_strdup(const char* text) {
    who_called = __builtin_return_address(0);
    auto* copy = static_cast<char*>(kmalloc_track_caller(strlen(text) + 1, GFP_KERNEL));
    strcpy(copy, text);
    __asm__ volatile("" : : : "memory");
    return copy;
}

CHILD_PROGRAM(tracked) {
    char* copy = my_strdup("text");
    kslab::place p;
    ASSERT_TRUE(kslab::find_place(copy, p));
    kslab::stack_view stack = kslab::stack_depot_get(p.record->allocated.stack);
    ASSERT_GE(stack.count, 1u);
    EXPECT_EQ(stack.frame[0], address(who_called)) << "begins elsewhere than at who called my_strdup";
    kfree(copy);
    // Somebody who is not on the stack: he alone is named.
    void* other = __kmalloc_track_caller(40, GFP_KERNEL, 0x1234);
    ASSERT_TRUE(kslab::find_place(other, p));
    stack = kslab::stack_depot_get(p.record->allocated.stack);
    ASSERT_EQ(stack.count, 1u);
    EXPECT_EQ(stack.frame[0], 0x1234u);
    kfree(other);
}

TEST(kmalloc_family, track_caller_names_who_called) {
    for (const char* option : {"KSLAB_DEBUG=U", "KSLAB_DEBUG=FZPUQ"}) {
        test::outcome end = test::rerun("tracked", {option});
        EXPECT_EQ(end.exit_code, 0) << end.report;
    }
}

// ---- kmem_ptr_validate

void expect_validation() {
    user_cache* cache = kmem_cache_create("mine", 72, 0, SLAB_NO_MERGE, nullptr);
    user_cache* other = kmem_cache_create("other", 72, 0, SLAB_NO_MERGE, nullptr);
    std::set<void*> live;
    std::vector<void*> others;
    for (int i = 0; i < 3000; i++) {
        live.insert(kmem_cache_alloc(cache, GFP_KERNEL));
        others.push_back(kmem_cache_alloc(other, GFP_KERNEL));
    }
    for (void* object : live) {
        ASSERT_EQ(kmem_ptr_validate(cache, object), 1);
        ASSERT_EQ(kmem_ptr_validate(other, object), 0);
        for (int inside : {1, 8, 16, 71}) ASSERT_EQ(kmem_ptr_validate(cache, static_cast<char*>(object) + inside), 0);
        ASSERT_EQ(kmem_ptr_validate(cache, static_cast<char*>(object) - 1), 0);
    }
    for (void* object : others) ASSERT_EQ(kmem_ptr_validate(cache, object), 0);
    // Any address at all; a tenth of them near objects.
    test::random random(11);
    size_t accepted = 0;
    for (int i = 0; i < 1000000 / static_cast<int>(kSanitizerFactor); i++) {
        uintptr_t where = random.next() >> random.below(64);
        if (random.one_in(10)) where = address(others[random.below(others.size())]) + random.below(1 << 20) - (1 << 19);
        if (kmem_ptr_validate(cache, reinterpret_cast<void*>(where)) == 0) continue;
        accepted++;
        // Only where an object of this cache begins: one of ours, or a free one beside it.
        ASSERT_EQ(kmem_ptr_validate(other, reinterpret_cast<void*>(where)), 0);
    }
    EXPECT_LT(accepted, 100000u);
    int on_stack = 0;
    void* on_page = kmalloc(50000, GFP_KERNEL);
    for (const void* no : {static_cast<const void*>(&on_stack), static_cast<const void*>("text"), static_cast<const void*>(cache), static_cast<const void*>(on_page),
                           static_cast<const void*>(nullptr), reinterpret_cast<const void*>(~uintptr_t{0}), static_cast<const void*>(ZERO_SIZE_PTR)})
        EXPECT_EQ(kmem_ptr_validate(cache, no), 0);
    kfree(on_page);
    for (void* object : live) kmem_cache_free(cache, object);
    for (void* object : others) kmem_cache_free(other, object);
    kmem_cache_shrink(cache);
    for (void* object : live) ASSERT_EQ(kmem_ptr_validate(cache, object), 0) << "its slab is gone";
    kmem_cache_destroy(cache);
    kmem_cache_destroy(other);
}

CHILD_PROGRAM(validation) { expect_validation(); }

TEST(kmalloc_family, kmem_ptr_validate_takes_its_objects_and_nothing_else) {
    expect_validation();
    for (const char* option : {"KSLAB_DEBUG=FZPQ", "KSLAB_DEBUG=FZPGQ", "KSLAB_GEOMETRY=kernel"}) {
        test::outcome end = test::rerun("validation", {option});
        EXPECT_EQ(end.exit_code, 0) << option << '\n' << end.report;
    }
}

}  // namespace
