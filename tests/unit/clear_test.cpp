// Large zeroed objects: cleared by hand, or given back to the system, as their like were used. Each case runs in a process of its own.
#include "pages/clear.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <utility>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "pages/page_allocator.h"
#include "support/random.h"
#include "support/residency.h"

namespace {

using namespace kslab;
using test::all_zero;
using test::resident;

// So many more in a row than may not be watched.
constexpr int kLong = 400;

// In use besides, so that memory matters; of all sizes here no small part of it.
constexpr size_t kBallast = size_t{5} << 20;

char* zeroed(size_t pages) { return static_cast<char*>(kmalloc(pages * kPageSize, GFP_KERNEL | __GFP_ZERO)); }

char* write_each(char* table, size_t pages, size_t step) {
    for (size_t page = 0; page < pages; page += step) table[page * kPageSize] = 1;
    return table;
}

// What the next is made of: memory where each page held something.
void leave_warm(size_t pages) {
    char* warm = static_cast<char*>(kmalloc(2 * pages * kPageSize, GFP_KERNEL));
    kfree(write_each(warm, 2 * pages, 1));
}

class zeroed_tables : public testing::TestWithParam<size_t> {
protected:
    const size_t pages = GetParam();
    void* ballast_ = kmalloc(kBallast, GFP_KERNEL);
    void TearDown() override {
        kfree(ballast_);
        EXPECT_STREQ(validate_heap(), nullptr);
    }

    // How many of the pages of one made of warm memory are resident before it is used; then so many are.
    size_t use(size_t step) {
        leave_warm(pages);
        char* table = zeroed(pages);
        EXPECT_NE(table, nullptr);
        size_t before = resident(table, pages);
        EXPECT_TRUE(all_zero(table, pages * kPageSize));
        kfree(write_each(table, pages, step));
        return before;
    }
    void use_many(size_t step) {
        for (int i = 0; i < kLong; i++) use(step);
    }
};

class small_tables : public zeroed_tables {};  // a few of which are little

TEST_P(zeroed_tables, that_are_sparse_go_back_instead_of_being_cleared) {
    use_many(8);
    EXPECT_EQ(use(8), 0u);
    EXPECT_EQ(use(pages), 0u);
}

TEST_P(zeroed_tables, that_are_used_whole_are_cleared) {
    use_many(1);
    EXPECT_EQ(use(1), pages);
    EXPECT_EQ(use(1), pages);
}

TEST_P(zeroed_tables, follow_a_program_that_changes) {
    for (int round = 0; round < 3; round++) {
        use_many(1);
        EXPECT_EQ(use(1), pages);
        use_many(8);
        EXPECT_EQ(use(8), 0u);
    }
}

TEST_P(zeroed_tables, of_which_two_looks_differ_stay_what_they_were) {
    constexpr unsigned kOf = 12;
    for (unsigned held : {12u, 0u, 12u, 0u, 5u, 3u, 4u}) {
        note_zeroed_use(pages, held, kOf);
        EXPECT_FALSE(zeroed_is_sparse(pages)) << held;
    }
    for (unsigned held : {0u, 0u, 5u, 3u, 4u}) note_zeroed_use(pages, held, kOf);
    EXPECT_TRUE(zeroed_is_sparse(pages));
    for (unsigned held : {4u, 1u, 5u, 0u}) {
        note_zeroed_use(pages, held, kOf);
        EXPECT_TRUE(zeroed_is_sparse(pages)) << held;
    }
    for (int i = 0; i < 2; i++) note_zeroed_use(pages, kOf, kOf);
    EXPECT_FALSE(zeroed_is_sparse(pages));
}

TEST_P(small_tables, are_cleared_in_a_process_that_has_little) {
    kfree(std::exchange(ballast_, nullptr));
    use_many(8);
    EXPECT_EQ(use(8), pages);
}

TEST_P(zeroed_tables, are_cleared_in_a_process_that_has_a_lot_more) {
    use_many(8);
    void* more = kmalloc(300 * pages * kPageSize, GFP_KERNEL);
    ASSERT_NE(more, nullptr);
    EXPECT_EQ(use(8), pages);
    kfree(more);
    EXPECT_EQ(use(8), 0u);
}

TEST_P(zeroed_tables, of_other_sizes_do_not_count) {
    use_many(8);
    EXPECT_TRUE(zeroed_is_sparse(pages));
    EXPECT_FALSE(zeroed_is_sparse(pages / 2));
    EXPECT_EQ(zeroed_is_sparse(pages * 2), pages * 2 > 1024) << "which is so before anything is known";
}

TEST_P(zeroed_tables, are_zero_where_the_system_takes_nothing_back) {
    use_many(8);
    leave_warm(pages);
    ASSERT_EQ(mlockall(MCL_CURRENT), 0);
    char* table = zeroed(pages);
    EXPECT_EQ(resident(table, pages), pages) << "locked, or this shows nothing";
    EXPECT_TRUE(all_zero(table, pages * kPageSize));
    kfree(table);
    munlockall();
}

INSTANTIATE_TEST_SUITE_P(pages, zeroed_tables, testing::Values(16, 24, 64, 100, 300, 1024));
INSTANTIATE_TEST_SUITE_P(pages, small_tables, testing::Values(16, 24, 64, 100, 300));

TEST(zeroed_objects, of_a_few_pages_are_cleared_however_they_are_used) {
    boot();
    for (int i = 0; i < kLong; i++) {
        leave_warm(15);
        kfree(zeroed(15));
    }
    EXPECT_FALSE(zeroed_is_sparse(15));
}

TEST(zeroed_objects, larger_than_four_mebibytes_are_sparse_until_seen) {
    boot();
    EXPECT_FALSE(zeroed_is_sparse(1024));
    EXPECT_TRUE(zeroed_is_sparse(1025));
    EXPECT_TRUE(zeroed_is_sparse(size_t{1} << 30)) << "whatever their size";
    for (int i = 0; i < kLong; i++) kfree(write_each(zeroed(2000), 2000, 1));
    EXPECT_FALSE(zeroed_is_sparse(2000));
    EXPECT_TRUE(zeroed_is_sparse(3000));
}

// Sizes, uses and what lies in the memory before at random: what is asked for zeroed is that, to its last byte.
TEST(zeroed_objects, are_zero_whatever_was_there) {
    boot();
    test::random random(5);
    std::vector<std::pair<char*, size_t>> live(12);
    for (int step = 0; step < 3000; step++) {
        auto& [object, pages] = live[random.below(12)];
        kfree(object);
        pages = random.doubling(700);
        bool zero = random.one_in(2);
        object = static_cast<char*>(kmalloc(pages * kPageSize, zero ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL));
        ASSERT_NE(object, nullptr);
        if (zero) {
            ASSERT_TRUE(all_zero(object, pages * kPageSize)) << step;
        }
        for (size_t page = 0; page < pages; page += 1 + random.below(step < 1500 ? 2 : 12)) object[page * kPageSize + random.below(kPageSize)] = 1;
    }
    for (auto& [object, pages] : live) kfree(object);
    EXPECT_STREQ(validate_heap(), nullptr);
}

}  // namespace
