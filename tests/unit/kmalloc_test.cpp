// kmalloc, kzalloc, krealloc, ksize, kfree: for every size up to 256 KiB, and at the edges.
#include "kslab/kmalloc.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kslab.h"
#include "support/child.h"

namespace {

using namespace kslab;

constexpr size_t kMost = size_t{300} << 10;

// What ksize has to say, from the table of classes.
size_t expected_size(size_t n) {
    if (n == 0) return 0;
    const size_class_table& table = kmalloc_caches.classes;
    const uint32_t* end = table.size + table.count;
    const uint32_t* fit = std::lower_bound(table.size, end, n);
    if (fit != end) return *fit;
    return align_up(n, kPageSize);
}

size_t promised_alignment(size_t n) {
    if (n <= 8) return 8;
    size_t power = n & (n - 1) ? 16 : n;
    return power < kPageSize ? std::max(power, size_t{16}) : kPageSize;
}

void check_every_size() {
    for (size_t n = 0; n <= kMost; n++) {
        char* p = static_cast<char*>(kmalloc(n, 0));
        ASSERT_NE(p, nullptr);
        ASSERT_EQ(ksize(p), expected_size(n)) << n;
        if (n > 0) {
            ASSERT_EQ(reinterpret_cast<uintptr_t>(p) % promised_alignment(n), 0u) << n;
            p[0] = p[n - 1] = p[ksize(p) - 1] = 1;
        } else {
            ASSERT_EQ(p, ZERO_SIZE_PTR);
        }
        kfree(p);
    }
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(kmalloc, every_size_to_256_kib) { check_every_size(); }

CHILD_PROGRAM(every_size) { check_every_size(); }
TEST(kmalloc, every_size_in_every_profile_and_geometry) {
    for (const char* classes : {"KSLAB_CLASSES=odd", "KSLAB_CLASSES=kmalloc", "KSLAB_CLASSES=fine"})
        for (const char* geometry : {"KSLAB_GEOMETRY=kslab", "KSLAB_GEOMETRY=kernel"}) {
            test::outcome end = test::rerun("every_size", {classes, geometry});
            EXPECT_EQ(end.exit_code, 0) << classes << ' ' << geometry << '\n' << end.report;
        }
}

TEST(kmalloc, zeroed_memory_is_zero_even_after_dirty) {
    for (size_t n : {1, 7, 8, 9, 16, 100, 4096, 8192, 8193, 50000, 300000, 3000000}) {
        void* dirty[8];
        for (void*& p : dirty) memset(p = kmalloc(n, 0), 0xa5, n);
        for (void* p : dirty) kfree(p);
        for (void*& p : dirty) {
            p = kzalloc(n, 0);
            for (size_t i = 0; i < n; i++) ASSERT_EQ(static_cast<char*>(p)[i], 0) << n << '[' << i << ']';
        }
        for (void* p : dirty) kfree(p);
        char* flagged = static_cast<char*>(kmalloc(n, __GFP_ZERO | GFP_ATOMIC));
        for (size_t i = 0; i < n; i++) ASSERT_EQ(flagged[i], 0) << n;
        kfree(flagged);
    }
    EXPECT_EQ(kzalloc(0, 0), ZERO_SIZE_PTR);
}

TEST(kmalloc, zero_size_and_null) {
    EXPECT_EQ(kmalloc(0, 0), ZERO_SIZE_PTR);
    EXPECT_EQ(ksize(nullptr), 0u);
    EXPECT_EQ(ksize(ZERO_SIZE_PTR), 0u);
    kfree(nullptr);
    kfree(ZERO_SIZE_PTR);
    EXPECT_TRUE(ZERO_OR_NULL_PTR(ZERO_SIZE_PTR));
}

TEST(kmalloc, what_cannot_be_is_null_and_errno_is_not_touched) {
    errno = 77;
    for (size_t n : {~size_t{0}, ~size_t{0} - 4095, size_t{1} << 63, (size_t{1} << 63) - 1, size_t{1} << 60,
                     size_t{1} << 47, (size_t{1} << 47) - 4096}) {
        EXPECT_EQ(kmalloc(n, 0), nullptr) << n;
        EXPECT_EQ(kzalloc(n, 0), nullptr) << n;
        EXPECT_EQ(krealloc(nullptr, n, 0), nullptr) << n;
    }
    EXPECT_EQ(errno, 77);
}

TEST(kmalloc, all_kinds_of_flags_are_accepted) {
    for (gfp_t flags : {GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, 0xffffffffu}) kfree(kmalloc(100, flags));
}

TEST(kmalloc, distinct_objects_do_not_overlap) {
    std::vector<std::pair<char*, size_t>> objects;
    for (size_t n = 1; n < 20000; n += n / 7 + 1)
        for (int i = 0; i < 40; i++) objects.push_back({static_cast<char*>(kmalloc(n, 0)), n});
    std::sort(objects.begin(), objects.end());
    for (size_t i = 1; i < objects.size(); i++)
        ASSERT_GE(objects[i].first, objects[i - 1].first + ksize(objects[i - 1].first));
    for (auto& [p, n] : objects) kfree(p);
    EXPECT_STREQ(validate_heap(), nullptr);
}

// ---- krealloc

void fill(void* p, size_t n) {
    for (size_t i = 0; i < n; i++) static_cast<unsigned char*>(p)[i] = static_cast<unsigned char>(i * 31 + n);
}
void expect_filled(const void* p, size_t kept, size_t n) {
    for (size_t i = 0; i < kept; i++)
        ASSERT_EQ(static_cast<const unsigned char*>(p)[i], static_cast<unsigned char>(i * 31 + n)) << i;
}

TEST(krealloc, null_allocates_and_zero_frees) {
    void* p = krealloc(nullptr, 100, 0);
    EXPECT_GE(ksize(p), 100u);
    EXPECT_EQ(krealloc(p, 0, 0), ZERO_SIZE_PTR);
    p = krealloc(ZERO_SIZE_PTR, 100, 0);
    EXPECT_GE(ksize(p), 100u);
    EXPECT_EQ(krealloc(p, 0, 0), ZERO_SIZE_PTR);
    EXPECT_EQ(krealloc(nullptr, 0, 0), ZERO_SIZE_PTR);
}

TEST(krealloc, what_fits_stays) {
    for (size_t n : {1, 8, 9, 33, 100, 5000, 8192, 10000, 500000}) {
        void* p = kmalloc(n, 0);
        for (size_t to : {ksize(p), n, n / 2 + 1, size_t{1}}) EXPECT_EQ(krealloc(p, to, 0), p) << n << " to " << to;
        kfree(p);
    }
}

TEST(krealloc, content_is_kept_from_any_size_to_any) {
    constexpr size_t kSizes[] = {1,    8,     9,     16,    24,     100,    192,    193,     1000,    4096,   8192,
                                 8193, 12288, 20000, 65536, 200000, 262144, 300000, 1000000, 5000000};
    for (size_t from : kSizes)
        for (size_t to : kSizes) {
            void* p = kmalloc(from, 0);
            fill(p, from);
            p = krealloc(p, to, 0);
            ASSERT_GE(ksize(p), to);
            expect_filled(p, std::min(from, to), from);
            kfree(p);
        }
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(krealloc, grows_step_by_step_to_64_mib) {
    size_t n = 1000;
    void* p = kmalloc(n, 0);
    fill(p, n);
    while (n < size_t{64} << 20) {
        size_t to = n + n / 3 + 1;
        p = krealloc(p, to, 0);
        ASSERT_NE(p, nullptr);
        expect_filled(p, n, n);
        fill(p, to);
        n = to;
    }
    kfree(p);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(krealloc, a_size_that_cannot_be_leaves_the_object) {
    for (size_t n : {100, 20000, 1 << 20, 4 << 20}) {
        void* p = kmalloc(n, 0);
        fill(p, n);
        for (size_t to : {~size_t{0}, size_t{1} << 63, size_t{1} << 62, size_t{1} << 48,
                          size_t{3602879701896400} << 12, size_t{3602879701896396} << 12}) {
            ASSERT_EQ(krealloc(p, to, 0), nullptr) << n << " to " << to;
            expect_filled(p, n, n);
        }
        kfree(p);
    }
}

TEST(kslab_facts, owns_and_validate) {
    EXPECT_EQ(kslab_is_active(), 0) << "malloc is libc's here";
    EXPECT_EQ(kslab_validate(), 0);
    EXPECT_EQ(kslab_owns(nullptr), 0);
    for (size_t n : {1, 100, 5000, 100000, 3000000}) {
        char* p = static_cast<char*>(kmalloc(n, 0));
        for (size_t i = 0; i < n; i += n / 16 + 1) EXPECT_EQ(kslab_owns(p + i), 1) << i << " of " << n;
        kfree(p);
    }
    EXPECT_GT(kslab_trim(), 0u);
}

}  // namespace
