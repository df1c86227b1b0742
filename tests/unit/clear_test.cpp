// Large zeroed objects: cleared by hand, or given back to the system, as their like were used. Each case runs in a process of its own.
#include "pages/clear.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "os/memory.h"
#include "pages/page_allocator.h"
#include "support/random.h"
#include "support/residency.h"

namespace {

using namespace kslab;
using test::all_zero;
using test::resident;

// So many that some were watched, whatever was seen before.
constexpr int kLong = 250;
// In use besides, so that memory matters; of all sizes here no small part of it.
constexpr size_t kBallast = size_t{5} << 20;
constexpr size_t kFewest = 65;

char* zeroed(size_t pages) { return static_cast<char*>(kmalloc(pages * kPageSize, GFP_KERNEL | __GFP_ZERO)); }

char* write_each(char* table, size_t pages, size_t step) {
    for (size_t page = 0; page < pages; page += step) table[page * kPageSize] = 1;
    return table;
}

bool watched(const void* table) { return page_owner_of(table).run()->watch == run_watch::zeroed; }

// What the next is made of: memory where each page held something.
void leave_warm(size_t pages) {
    char* warm = static_cast<char*>(kmalloc(2 * pages * kPageSize, GFP_KERNEL));
    kfree(write_each(warm, 2 * pages, 1));
}

constexpr pages_seen kWhole{.held = 9, .empty = 0, .first_held = true};
constexpr pages_seen kSparse{.held = 3, .empty = 13, .first_held = true};
constexpr pages_seen kBetween{.held = 5, .empty = 11, .first_held = true};

class zeroed_tables : public testing::TestWithParam<size_t> {
protected:
    const size_t pages = GetParam();
    void* ballast_ = kmalloc(kBallast, GFP_KERNEL);
    void TearDown() override {
        kfree(ballast_);
        EXPECT_STREQ(validate_heap(), nullptr);
    }

    // How many of the pages of one made of warm memory are resident before it is used; then every so manieth is used.
    size_t use(size_t step, bool wipe = false) {
        leave_warm(pages);
        char* table = zeroed(pages);
        EXPECT_NE(table, nullptr);
        size_t before = resident(table, pages);
        EXPECT_TRUE(all_zero(table, pages * kPageSize));
        write_each(table, pages, step);
        if (wipe) memset(table, 0, pages * kPageSize);
        kfree(table);
        return before;
    }
    void use_many(size_t step, bool wipe = false) {
        for (int i = 0; i < kLong; i++) use(step, wipe);
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

TEST_P(zeroed_tables, that_are_wiped_before_they_go_are_cleared) {
    use_many(1, true);
    EXPECT_EQ(use(1), pages);
}

TEST_P(zeroed_tables, of_which_every_other_is_used_whole_are_cleared) {
    size_t given_back = 0;
    for (int i = 0; i < kLong; i++) given_back += (use(1) == 0) + (use(8) == 0);
    EXPECT_LE(given_back, kLong / 5u);
}

TEST_P(zeroed_tables, are_sparse_after_three_looks_and_whole_after_one) {
    for (pages_seen seen : {kSparse, kSparse, kWhole, kSparse, kBetween, kSparse}) {
        note_zeroed_use(pages, seen);
        EXPECT_FALSE(zeroed_is_sparse(pages));
    }
    note_zeroed_use(pages, kSparse);
    for (pages_seen seen : {kBetween, kSparse, pages_seen{.held = 0, .empty = 16}, pages_seen{}}) {
        EXPECT_TRUE(zeroed_is_sparse(pages));
        note_zeroed_use(pages, seen);
    }
    EXPECT_TRUE(zeroed_is_sparse(pages));
    note_zeroed_use(pages, kWhole);
    EXPECT_FALSE(zeroed_is_sparse(pages));
}

TEST_P(zeroed_tables, are_cleared_where_the_kernel_does_not_tell) {
    os_populate_forget(true);
    use_many(8);
    EXPECT_EQ(use(8), pages);
    os_populate_forget(false);
}

TEST_P(zeroed_tables, tell_nothing_where_a_part_is_inaccessible_when_they_go) {
    for (int i = 0; i < kLong; i++) {
        leave_warm(pages);
        char* table = write_each(zeroed(pages), pages, 1);
        ASSERT_EQ(mprotect(table + kPageSize, (pages - 1) * kPageSize, PROT_NONE), 0);
        kfree(table);
        ASSERT_EQ(mprotect(table + kPageSize, (pages - 1) * kPageSize, PROT_READ | PROT_WRITE), 0);
    }
    EXPECT_FALSE(zeroed_is_sparse(pages));
}

TEST_P(zeroed_tables, few_of_many_are_watched) {
    std::vector<char*> tables(1000);
    for (char*& table : tables) table = zeroed(pages);
    size_t count = 0;
    for (char* table : tables) count += watched(table);
    EXPECT_GE(count, 5u);
    EXPECT_LE(count, 40u);
    for (char* table : tables) kfree(table);
}

TEST_P(zeroed_tables, that_were_resized_or_handed_out_anew_are_not_watched) {
    char* table;
    while (!watched(table = zeroed(pages))) kfree(table);
    run* r = page_owner_of(table).run();
    ASSERT_TRUE(resize_in_place(table, page_owner(r), (pages - pages / 4) * kPageSize));
    EXPECT_FALSE(watched(table));
    kfree(table);
    while (!watched(table = zeroed(pages))) kfree(table);
    r = page_owner_of(table).run();
    release_run(r);
    r = all_pages.allocate({.pages = pages});
    EXPECT_EQ(r->watch, run_watch::none);
    release_run(r);
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
    EXPECT_FALSE(zeroed_is_sparse(pages / 4));
    EXPECT_EQ(zeroed_is_sparse(pages * 4), pages * 4 > 1024) << "which is so before anything is known";
}

TEST_P(zeroed_tables, are_zero_where_the_system_takes_nothing_back) {
    use_many(8);
    char* warm = write_each(static_cast<char*>(kmalloc(2 * pages * kPageSize, GFP_KERNEL)), 2 * pages, 1);
    // Not mlock(): the sanitizers replace it by nothing.
    if (syscall(SYS_mlock, warm, 2 * pages * kPageSize) != 0) GTEST_SKIP() << "memory cannot be locked here";
    kfree(warm);
    char* table = zeroed(pages);
    EXPECT_TRUE(table >= warm && table < warm + 2 * pages * kPageSize) << "or this shows nothing";
    EXPECT_EQ(resident(table, pages), pages);
    EXPECT_TRUE(all_zero(table, pages * kPageSize));
    kfree(table);
    syscall(SYS_munlock, warm, 2 * pages * kPageSize);
}

INSTANTIATE_TEST_SUITE_P(pages, zeroed_tables, testing::Values(kFewest, 100, 300, 1024));
INSTANTIATE_TEST_SUITE_P(pages, small_tables, testing::Values(kFewest, 100, 300));

TEST(zeroed_objects, of_few_pages_are_cleared_however_they_are_used) {
    void* ballast = kmalloc(kBallast, GFP_KERNEL);
    for (int i = 0; i < kLong; i++) {
        leave_warm(kFewest);
        kfree(write_each(zeroed(kFewest - 1), kFewest - 1, 8));
        note_zeroed_use(kFewest - 1, kSparse);
    }
    EXPECT_FALSE(zeroed_is_sparse(kFewest - 1));
    kfree(ballast);
}

TEST(zeroed_objects, larger_than_four_mebibytes_are_sparse_until_one_was_used_whole) {
    boot();
    EXPECT_FALSE(zeroed_is_sparse(1024));
    EXPECT_TRUE(zeroed_is_sparse(1025));
    EXPECT_TRUE(zeroed_is_sparse(size_t{1} << 30)) << "whatever their size";
    kfree(write_each(zeroed(2000), 2000, 1));
    EXPECT_FALSE(zeroed_is_sparse(2000));
    EXPECT_TRUE(zeroed_is_sparse(5000));
}

// Sizes, uses and what lies in the memory before at random: what is asked for zeroed is that, to its last byte.
TEST(zeroed_objects, are_zero_whatever_was_there) {
    boot();
    test::random random(5);
    std::vector<std::pair<char*, size_t>> live(12);
    for (int step = 0; step < 3000; step++) {
        auto& [object, pages] = live[random.below(12)];
        kfree(object);
        pages = random.doubling(1500);
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
