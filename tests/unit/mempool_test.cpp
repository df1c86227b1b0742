// Pools without contention: arguments, the order in which backing and reserve are asked, resizing, the three backings,
// deadlines.
#include "kslab/mempool.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>

#include <chrono>
#include <string>
#include <vector>

#include "api/mempool.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kslab.h"
#include "os/clock.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/pool_source.h"

namespace {

using test::pool_source;

constexpr gfp_t kAdded = __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;

std::vector<void*> take(mempool_t* pool, int count, gfp_t gfp = GFP_KERNEL) {
    std::vector<void*> elements;
    for (int i = 0; i < count; i++) elements.push_back(mempool_alloc(pool, gfp));
    return elements;
}

void give_back(mempool_t* pool, const std::vector<void*>& elements) {
    for (void* element : elements) mempool_free(element, pool);
}

TEST(mempool_create, refuses_bad_arguments_with_errno_and_a_line) {
    struct {
        int min_nr;
        mempool_alloc_t* alloc;
        mempool_free_t* free;
        const char* why;
    } rows[] = {
        {-1, mempool_kmalloc, mempool_kfree, "(-1) failed: a pool cannot have less than no elements"},
        {INT_MIN, mempool_kmalloc, mempool_kfree, "(-2147483648) failed: a pool cannot have less than no elements"},
        {1, nullptr, mempool_kfree, "(1) failed: a pool needs two functions"},
        {1, mempool_kmalloc, nullptr, "(1) failed: a pool needs two functions"},
    };
    for (auto& row : rows) {
        errno = 0;
        EXPECT_EQ(mempool_create(row.min_nr, row.alloc, row.free, reinterpret_cast<void*>(64)), nullptr) << row.why;
        EXPECT_EQ(errno, EINVAL) << row.why;
        EXPECT_EQ(std::string(kslab_last_report), std::string("kslab: mempool_create") + row.why + "\n");
    }
}

TEST(mempool_create, fills_the_reserve_and_destroy_frees_it) {
    pool_source source;
    mempool_t* pool = source.pool(10);
    ASSERT_NE(pool, nullptr);
    EXPECT_EQ(mempool_min_nr(pool), 10);
    EXPECT_EQ(mempool_curr_nr(pool), 10);
    EXPECT_EQ(source.made, 10);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
    mempool_destroy(nullptr);
}

TEST(mempool_create, unwinds_when_the_backing_fails_at_any_element) {
    for (long k = 0; k < 10; k++) {
        pool_source source;
        source.budget = k;
        errno = 0;
        EXPECT_EQ(source.pool(10), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(source.made, k);
        EXPECT_EQ(source.alive(), 0);
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(mempool_create, gives_its_mask_to_the_backing) {
    pool_source source;
    source.logs = true;
    mempool_t* pool = mempool_create_node(2, pool_source::allocate, pool_source::release, &source, GFP_NOIO, 0);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({GFP_NOIO, GFP_NOIO}));
    mempool_destroy(pool);
    source.masks.clear();
    mempool_destroy(source.pool(1));
    EXPECT_EQ(source.masks, std::vector<gfp_t>({GFP_KERNEL}));
}

// ---- The order of alloc and free

TEST(mempool_alloc, asks_the_backing_lightly_then_the_reserve_then_the_backing_with_all) {
    pool_source source;
    mempool_t* pool = source.pool(2);
    source.logs = true;
    void* from_backing = mempool_alloc(pool, GFP_KERNEL);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({__GFP_FS | kAdded}));
    EXPECT_EQ(mempool_curr_nr(pool), 2);
    source.budget = 0;
    source.masks.clear();
    std::vector<void*> reserve = take(pool, 2);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({__GFP_FS | kAdded, __GFP_FS | kAdded}));
    EXPECT_EQ(mempool_curr_nr(pool), 0);
    source.masks.clear();
    EXPECT_EQ(mempool_alloc(pool, GFP_ATOMIC), nullptr);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({__GFP_HIGH | kAdded}));
    source.masks.clear();
    EXPECT_EQ(mempool_alloc(pool, __GFP_IO), nullptr) << "may not wait, so null, but asks twice";
    EXPECT_EQ(source.masks, std::vector<gfp_t>({kAdded, __GFP_IO | kAdded}));
    source.masks.clear();
    EXPECT_EQ(mempool_alloc_timeout(pool, GFP_KERNEL, 0), nullptr);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({__GFP_FS | kAdded, GFP_KERNEL | kAdded}));
    give_back(pool, reserve);
    mempool_free(from_backing, pool);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
}

TEST(mempool_alloc, the_reserve_is_last_in_first_out) {
    pool_source source;
    mempool_t* pool = source.pool(3);
    source.budget = 0;
    std::vector<void*> e = take(pool, 3);
    give_back(pool, {e[1], e[0], e[2]});
    EXPECT_EQ(take(pool, 3), std::vector<void*>({e[2], e[0], e[1]}));
    give_back(pool, e);
    mempool_destroy(pool);
}

TEST(mempool_alloc, zeroing_and_nofail_never_reach_the_backing_and_one_line_says_so) {
    test::outcome end = test::in_fork([] {
        pool_source source;
        mempool_t* pool = source.pool(1);
        source.logs = true;
        for (int i = 0; i < 3; i++) {
            if (i == 1) kslab_last_report[0] = '\0';
            void* element = mempool_alloc(pool, GFP_KERNEL | __GFP_ZERO | __GFP_NOFAIL);
            if (i == 0 && strncmp(kslab_last_report, "kslab: mempool_alloc: __GFP_ZERO is ignored", 43) != 0) _exit(1);
            mempool_free(element, pool);
        }
        for (gfp_t mask : source.masks)
            if (mask != (__GFP_FS | kAdded)) _exit(2);
    });
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.report, "") << "more than one line";
}

TEST(mempool_free, fills_the_reserve_first_and_then_frees) {
    pool_source source;
    mempool_t* pool = source.pool(2);
    std::vector<void*> e = take(pool, 1);
    source.budget = 0;
    for (void* element : take(pool, 2)) e.push_back(element);
    EXPECT_EQ(mempool_curr_nr(pool), 0);
    mempool_free(nullptr, pool);
    mempool_free(e[0], pool);
    mempool_free(e[1], pool);
    EXPECT_EQ(mempool_curr_nr(pool), 2);
    EXPECT_EQ(source.freed, 0);
    mempool_free(e[2], pool);
    EXPECT_EQ(mempool_curr_nr(pool), 2);
    EXPECT_EQ(source.freed, 1);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
}

// ---- Resizing

TEST(mempool_resize, shrinks_by_freeing_the_surplus) {
    pool_source source;
    mempool_t* pool = source.pool(8);
    EXPECT_EQ(mempool_resize(pool, 3, GFP_KERNEL), 0);
    EXPECT_EQ(mempool_min_nr(pool), 3);
    EXPECT_EQ(mempool_curr_nr(pool), 3);
    EXPECT_EQ(source.freed, 5);
    source.budget = 0;
    std::vector<void*> e = take(pool, 2);
    EXPECT_EQ(mempool_resize(pool, 2, GFP_KERNEL), 0) << "less in it than the new size";
    EXPECT_EQ(source.freed, 5);
    EXPECT_EQ(mempool_curr_nr(pool), 1);
    give_back(pool, e);
    EXPECT_EQ(mempool_curr_nr(pool), 2);
    EXPECT_EQ(source.freed, 6);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
}

TEST(mempool_resize, grows_as_far_as_the_backing_allows_and_is_filled_by_frees) {
    pool_source source;
    mempool_t* pool = source.pool(2);
    std::vector<void*> e = take(pool, 4);
    source.budget = 3;
    source.logs = true;
    EXPECT_EQ(mempool_resize(pool, 8, GFP_NOIO), 0);
    EXPECT_EQ(source.masks, std::vector<gfp_t>({GFP_NOIO, GFP_NOIO, GFP_NOIO, GFP_NOIO}));
    EXPECT_EQ(mempool_min_nr(pool), 8);
    EXPECT_EQ(mempool_curr_nr(pool), 5);
    give_back(pool, e);
    EXPECT_EQ(mempool_curr_nr(pool), 8);
    EXPECT_EQ(source.freed, 1);
    EXPECT_EQ(mempool_resize(pool, 8, GFP_KERNEL), 0) << "as it is";
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
}

TEST(mempool_resize, below_one_is_a_mistake) {
    for (int size : {0, -1}) {
        test::outcome end = test::in_fork([size] {
            pool_source source;
            mempool_resize(source.pool(2), size, GFP_KERNEL);
        });
        EXPECT_EQ(end.signal, SIGABRT);
        EXPECT_EQ(end.report, "kslab: mempool_resize(" + std::to_string(size) + "): a reserve has at least one element\n");
    }
}

CHILD_PROGRAM(resize_without_memory) {
    pool_source source;
    mempool_t* pool = source.pool(4);
    EXPECT_EQ(mempool_resize(pool, 1 << 24, GFP_KERNEL), -ENOMEM);
    EXPECT_EQ(mempool_min_nr(pool), 4);
    EXPECT_EQ(mempool_curr_nr(pool), 4);
    EXPECT_EQ(source.made, 4);
    errno = 0;
    EXPECT_EQ(source.pool(1 << 24), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(source.made, 4);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
}

TEST(mempool_resize, changes_nothing_when_there_is_no_memory_for_the_table) {
    test::outcome end = test::rerun("resize_without_memory", {"KSLAB_LIMIT=64M"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Backings

TEST(mempool_backing, a_cache) {
    struct ::kmem_cache* cache = kmem_cache_create("pool-test", 200, 64, 0, nullptr);
    mempool_t* pool = mempool_create_slab_pool(5, cache);
    for (void* element : take(pool, 20)) {
        EXPECT_EQ(ksize(element), 200u);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(element) % 64, 0u);
        memset(element, 1, 200);
        mempool_free(element, pool);
    }
    mempool_destroy(pool);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "") << "an object was not freed";
}

TEST(mempool_backing, kmalloc_of_any_size) {
    for (size_t size : {1, 8, 100, 5000, 100000}) {
        mempool_t* pool = mempool_create_kmalloc_pool(3, size);
        std::vector<void*> elements = take(pool, 10);
        for (void* element : elements) {
            EXPECT_GE(ksize(element), size);
            memset(element, 1, size);
        }
        give_back(pool, elements);
        mempool_destroy(pool);
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(mempool_backing, pages_of_any_order) {
    for (int order : {0, 1, 2, 3, 5, 9}) {
        mempool_t* pool = mempool_create_page_pool(2, order);
        std::vector<void*> elements = take(pool, 4);
        for (void* element : elements) {
            EXPECT_EQ(reinterpret_cast<uintptr_t>(element) % 4096, 0u) << order;
            memset(element, 1, size_t{4096} << order);
        }
        give_back(pool, elements);
        mempool_destroy(pool);
    }
    for (int order : {-1, 35, 64, INT_MAX}) EXPECT_EQ(mempool_create_page_pool(1, order), nullptr) << order;
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

CHILD_PROGRAM(pages_under_debugging) {
    mempool_t* pool = mempool_create_page_pool(2, 0);
    std::vector<void*> elements = take(pool, 8);
    for (void* element : elements) EXPECT_EQ(reinterpret_cast<uintptr_t>(element) % 4096, 0u);
    give_back(pool, elements);
    mempool_destroy(pool);
    EXPECT_EQ(kslab_validate(), 0);
}

TEST(mempool_backing, pages_are_aligned_under_debugging) {
#ifdef KSLAB_TEST_SANITIZED  // stacks and guard pages do not get on with a sanitizer's run-time
    std::vector<const char*> modes{"KSLAB_DEBUG=FZPQ"};
#else
    std::vector<const char*> modes{"KSLAB_DEBUG=1", "KSLAB_DEBUG=full", "KSLAB_SAMPLE_GUARD=1"};
#endif
    for (const char* mode : modes) {
        test::outcome end = test::rerun("pages_under_debugging", {mode});
        EXPECT_EQ(end.exit_code, 0) << mode << ' ' << end.report;
        EXPECT_EQ(end.report.find("kslab: "), std::string::npos) << end.report;
    }
}

// ---- Deadlines

double milliseconds_of(const std::function<void()>& body) {
    auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

bool no_clock(uint64_t&) { return false; }

TEST(mempool_alloc_timeout, gives_up_when_time_is_over) {
    pool_source source;
    mempool_t* pool = source.pool(1);
    source.budget = 0;
    void* only = mempool_alloc(pool, GFP_KERNEL);
    for (bool clock : {true, false}) {
        kslab::clock_set_source(clock ? nullptr : no_clock);
        errno = 0;
        void* element = only;
        double took = milliseconds_of([&] { element = mempool_alloc_timeout(pool, GFP_KERNEL, 60); });
        EXPECT_EQ(element, nullptr);
        EXPECT_EQ(errno, ETIMEDOUT);
        EXPECT_GE(took, 49) << "a tick is at most 10 ms";
        EXPECT_LT(took, 4000) << "the time-out of retries is not the deadline";
    }
    kslab::clock_set_source(nullptr);
    errno = 0;
    EXPECT_EQ(mempool_alloc_timeout(pool, GFP_ATOMIC, 60000), nullptr);
    EXPECT_EQ(errno, EAGAIN);
    mempool_free(only, pool);
    errno = 0;
    EXPECT_EQ(mempool_alloc_timeout(pool, GFP_KERNEL, 0), only);
    EXPECT_EQ(errno, 0);
    mempool_free(only, pool);
    mempool_destroy(pool);
}

TEST(mempool_alloc_timeout, keeps_its_deadline_over_many_retries) {
    pool_source source;
    mempool_t* pool = source.pool(1);
    source.budget = 0;
    void* only = mempool_alloc(pool, GFP_KERNEL);
    kslab::mempool_set_retry(1);
    double took = milliseconds_of([&] { EXPECT_EQ(mempool_alloc_timeout(pool, GFP_KERNEL, 60), nullptr); });
    EXPECT_GE(took, 49);
    EXPECT_LT(took, 4000);
    kslab::mempool_set_retry(kslab::kRetryMilliseconds);
    mempool_free(only, pool);
    mempool_destroy(pool);
}

}  // namespace
