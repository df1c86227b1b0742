// Both page allocators in turn, at random, each against a shadow of its own and validated after each step.
// full: low_pages_random.both_agree_with_their_shadows
#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "os/low_memory.h"
#include "support/child.h"
#include "support/page_shadow.h"

namespace {

using namespace kslab;

// Once, also when all cases run in one process.
void init_once() {
    static const bool done = (all_pages.init(0, 1000), true);
    static_cast<void>(done);
}

uint64_t stamp_of(const run* r) { return reinterpret_cast<uintptr_t>(r) * 7919; }

page_allocator& either(test::random& random) { return random.one_in(2) ? low_pages : all_pages; }

class steps {
public:
    explicit steps(uint64_t seed) : random_(seed) {}

    void allocate() {
        page_allocator& from = either(random_);
        size_t align = random_.one_in(4) ? size_t{1} << random_.below(11) : 1;
        run* r = from.allocate({.pages = random_.doubling(500), .align_pages = align, .sparse = random_.one_in(5)});
        ASSERT_NE(r, nullptr);
        ASSERT_EQ(r->start % (align * kPageSize), 0u);
        expect_place(r, from);
        if (r->content == run_content::zero) of(r).expect_zero(r, 0);
        of(r).add(r);
        of(r).fill(r, 0, stamp_of(r));
    }

    void release(run* r) {
        of(r).expect_filled(r, r->pages, stamp_of(r));
        of(r).remove(r);
        release_run(r);
    }

    void resize(run* r) {
        page_allocator& from = allocator_of(r);
        size_t old_pages = r->pages;
        size_t wanted = random_.doubling(1000);
        of(r).remove(r);
        if (wanted < old_pages)
            shrink_run(r, wanted);
        else if (wanted > old_pages && !grow_run(r, wanted))
            moves_ += move_run(r, wanted);
        expect_place(r, from);
        size_t kept = old_pages < r->pages ? old_pages : r->pages;
        of(r).expect_filled(r, kept, stamp_of(r));
        of(r).add(r);
        of(r).fill(r, kept, stamp_of(r));
    }

    void give_back() {
        page_allocator& of = either(random_);
        switch (random_.below(3)) {
            case 0: of.decay(static_cast<uint32_t>(now_ += 400)); break;
            case 1: of.purge_all(); break;
            default: of.release_address_space();
        }
    }

    void step() {
        test::page_shadow& shadow = random_.one_in(2) ? low_ : high_;
        size_t action = random_.below(16);
        if (shadow.count() == 0 || (action < 7 && shadow.used() < 20000))
            allocate();
        else if (action < 12)
            release(shadow.any(random_));
        else if (action < 15)
            resize(shadow.any(random_));
        else
            give_back();
        if (testing::Test::HasFatalFailure()) return;
        low_.expect_consistent();
        high_.expect_consistent();
    }

    void release_all() {
        for (test::page_shadow* shadow : {&low_, &high_})
            while (shadow->count() > 0 && !testing::Test::HasFatalFailure()) release(shadow->any(random_));
    }
    size_t moves() const { return moves_; }

private:
    test::page_shadow& of(const run* r) { return r->low ? low_ : high_; }
    void expect_place(const run* r, const page_allocator& from) {
        ASSERT_EQ(&allocator_of(r), &from);
        if (&from == &low_pages) {
            ASSERT_LE(r->end(), kLowEnd);
        }
    }

    test::random random_;
    test::page_shadow low_{low_pages};
    test::page_shadow high_{all_pages};
    uint32_t now_ = 1000000;
    size_t moves_ = 0;
};

void expect_all_back() {
    for_each_page_allocator([](page_allocator& pages) {
        pages.purge_all();
        EXPECT_STREQ(pages.validate(), nullptr);
        EXPECT_EQ(pages.stats().used, 0u);
        EXPECT_EQ(pages.stats().mapped, pages.stats().zero);
    });
}

TEST(low_pages_random, both_agree_with_their_shadows) {
    init_once();
    // An empty low allocator takes part from the start.
    release_run(low_pages.allocate({1}));
    uint64_t seed = test::number_from("TEST_SEED", 5);
    size_t count = test::number_from("TEST_STEPS", 6000 / kSanitizerFactor);
    printf("seed %lu, %zu steps\n", seed, count);
    steps run(seed);
    for (size_t i = 0; i < count && !HasFatalFailure(); i++) run.step();
    EXPECT_GT(run.moves(), 0u);
    run.release_all();
    expect_all_back();
}

void work_in_thread(uint64_t seed, size_t count) {
    test::random random(seed);
    std::vector<run*> mine;
    for (size_t i = 0; i < count; i++) {
        page_allocator& from = either(random);
        if (mine.size() < 20) {
            run* r = from.allocate({.pages = random.doubling(200)});
            ASSERT_NE(r, nullptr);
            ASSERT_EQ(&allocator_of(r), &from);
            *static_cast<uint64_t*>(r->memory()) = stamp_of(r);
            mine.push_back(r);
        }
        size_t at = random.below(mine.size());
        run* r = mine[at];
        ASSERT_EQ(*static_cast<uint64_t*>(r->memory()), stamp_of(r));
        switch (random.below(10)) {
            case 0: grow_run(r, r->pages + 5); break;
            case 1: move_run(r, r->pages + 40); break;
            case 2: from.purge_all(); break;
            case 3: from.release_address_space(); break;
            default:
                release_run(r);
                mine.erase(mine.begin() + static_cast<long>(at));
        }
    }
    for (run* r : mine) release_run(r);
}

TEST(low_pages_random, threads_use_both_at_once) {
    init_once();
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 4; t++) threads.emplace_back(work_in_thread, t + 1, 3000 / kSanitizerFactor);
    for (std::thread& thread : threads) thread.join();
    expect_all_back();
}

}  // namespace
