// Random allocate, release, grow, shrink, move, decay and purge against a shadow, validated after each step.
// full: page_allocator_random.*
#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <thread>

#include "os/clock.h"
#include "support/child.h"
#include "support/page_shadow.h"

namespace {

using namespace kslab;

page_allocator pages;
// Once, also when all cases run in one process.
void init_once() {
    static const bool done = (pages.init(0, 1000), true);
    static_cast<void>(done);
}
std::atomic<uint64_t> now_ms{1000000};
bool test_clock(uint64_t& milliseconds) {
    milliseconds = now_ms;
    return true;
}

uint64_t stamp_of(const run* r) { return reinterpret_cast<uintptr_t>(r) * 7919; }

class steps {
public:
    explicit steps(uint64_t seed) : random_(seed), shadow_(pages) {}

    void allocate() {
        size_t align = random_.one_in(4) ? size_t{1} << random_.below(11) : 1;
        run* r = pages.allocate({random_.doubling(random_.one_in(20) ? 20000 : 500), align});
        ASSERT_NE(r, nullptr);
        ASSERT_EQ(r->start % (align * kPageSize), 0u);
        if (r->content == run_content::zero) {
            shadow_.expect_zero(r, 0);
            raise(r->pages);
        }
        shadow_.add(r);
        shadow_.fill(r, 0, stamp_of(r));
    }

    void release() {
        run* r = shadow_.any(random_);
        shadow_.expect_filled(r, r->pages, stamp_of(r));
        size_t used_before = shadow_.used();
        shadow_.remove(r);
        released_.push_back({r->pages, now_ms});
        size_t before = pages.stats().dirty + r->pages;
        pages.release(r);
        note_purged(before);
        expect_within_bound(used_before);
    }

    void resize() {
        run* r = shadow_.any(random_);
        size_t old_pages = r->pages;
        size_t wanted = random_.doubling(2000);
        most_used_ = std::max(most_used_, shadow_.used());
        shadow_.remove(r);
        if (wanted < old_pages) {
            released_.push_back({old_pages - wanted, now_ms});
            size_t before = pages.stats().dirty + old_pages - wanted;
            pages.shrink(r, wanted);
            note_purged(before);
            ASSERT_EQ(r->pages, wanted);
        } else if (wanted > old_pages && !pages.grow(r, wanted) && random_.one_in(2)) {
            // The system may refuse to move a run that lies in two mappings; nothing has happened then.
            bool moved = pages.move(r, wanted);
            ASSERT_EQ(r->pages, moved ? wanted : old_pages);
            if (moved) moves_++;
            shadow_.expect_zero(r, old_pages);
        }
        size_t kept = old_pages < r->pages ? old_pages : r->pages;
        shadow_.expect_filled(r, kept, stamp_of(r));
        shadow_.add(r);
        shadow_.fill(r, kept, stamp_of(r));
    }

    void pass_time() {
        now_ms += random_.below(400);
        pages.set_now(static_cast<uint32_t>(now_ms));  // as reaping does: else what is lately is lately for ever
        if (random_.one_in(4)) {
            size_t before = pages.stats().dirty;
            pages.decay(static_cast<uint32_t>(now_ms));
            size_t unused = before - pages.stats().dirty;
            raised_ -= std::min(raised_, unused);
        } else if (random_.one_in(10)) {
            pages.purge_all();
            raised_ = 0;
            purged_.clear();
            ASSERT_EQ(pages.stats().dirty, 0u);
        }
    }

    void step() {
        size_t action = random_.below(16);
        if (shadow_.count() == 0 || (action < 6 && shadow_.used() < 100000))
            allocate();
        else if (action < 11)
            release();
        else if (action < 15)
            resize();
        else
            pass_time();
        if (!testing::Test::HasFatalFailure()) shadow_.expect_consistent();
    }

    size_t moves() const { return moves_; }

    void release_all() {
        while (shadow_.count() > 0 && !testing::Test::HasFatalFailure()) release();
    }

private:
    // What went back within the last second, or the one before (the allocator's clock is coarse), may raise the bound when as
    // much is made resident.
    void note_purged(size_t dirty_if_not) {
        size_t dirty = pages.stats().dirty;
        if (dirty < dirty_if_not) purged_.push_back({dirty_if_not - dirty, now_ms});
    }
    void raise(size_t made_resident) {
        while (!purged_.empty() && purged_.front().when + 2000 < now_ms) purged_.pop_front();
        for (release_event& purged : purged_) {
            size_t again = std::min(made_resident, purged.pages);
            purged.pages -= again;
            made_resident -= again;
            raised_ = std::min(raised_ + again, 3 * kLeast);
        }
    }

    // 16 MiB, with what is raised, or a quarter of what is live; and if the program may be cycling buffers, for it released two
    // lately, the second largest of these, or what it had in use since then beyond that, up to four of these and three quarters
    // of what is live.
    void expect_within_bound(size_t used_before) {
        while (!released_.empty() && released_.front().when + 2000 < now_ms) released_.pop_front();
        size_t used = shadow_.used();
        size_t bound = std::max(kLeast + raised_, used / 4);
        size_t cycled = 0;
        for (size_t i = 0; i < released_.size(); i++)
            for (size_t j = i + 1; j < released_.size(); j++) {
                size_t both = std::min(released_[i].pages, released_[j].pages);
                if (both >= 256) cycled = std::max(cycled, both);
            }
        most_used_ = std::max(most_used_, used_before);
        if (cycled > 0) bound = std::max(cycled, bound + std::min({most_used_ - used, 4 * cycled, used - used / 4}));
        ASSERT_LE(pages.stats().dirty, bound);
        if (cycled == 0) most_used_ = used;
    }

    struct release_event {
        size_t pages;
        uint64_t when;
    };
    test::random random_;
    test::page_shadow shadow_;
    std::deque<release_event> released_;
    size_t moves_ = 0;
    size_t most_used_ = 0;
    size_t raised_ = 0;
    std::deque<release_event> purged_;
    static constexpr size_t kLeast = (size_t{16} << 20) / kPageSize;
};

TEST(page_allocator_random, agrees_with_a_shadow) {
    clock_set_source(test_clock);
    init_once();
    uint64_t seed = test::number_from("TEST_SEED", 11);
    size_t count = test::number_from("TEST_STEPS", 5000 / kSanitizerFactor);
    printf("seed %lu, %zu steps\n", seed, count);
    steps run(seed);
    for (size_t i = 0; i < count && !HasFatalFailure(); i++) run.step();
    EXPECT_GT(run.moves(), count / 200);
    run.release_all();
    pages.purge_all();
    page_stats stats = pages.stats();
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.mapped, stats.zero + stats.stuck);
    EXPECT_EQ(stats.stuck, 0u);
}

void work_in_thread(uint64_t seed, size_t count) {
    test::random random(seed);
    std::vector<run*> mine;
    test::page_shadow pattern(pages);
    for (size_t i = 0; i < count; i++) {
        if (mine.size() < 20) {
            mine.push_back(pages.allocate({random.doubling(300), size_t{1} << random.below(4)}));
            ASSERT_NE(mine.back(), nullptr);
            if (mine.back()->content == run_content::zero) pattern.expect_zero(mine.back(), 0);
            pattern.fill(mine.back(), 0, stamp_of(mine.back()));
        }
        size_t at = random.below(mine.size());
        run* r = mine[at];
        pattern.expect_filled(r, r->pages, stamp_of(r));
        size_t kept = r->pages;
        switch (random.below(8)) {
            case 0:
                if (kept > 2) pages.shrink(r, kept = kept / 2 + 1);
                break;
            case 1: pages.grow(r, kept + 5); break;
            case 2: pages.move(r, kept + 40); break;
            case 3: pages.purge_all(); break;
            default:
                pages.release(r);
                mine.erase(mine.begin() + static_cast<long>(at));
                continue;
        }
        pattern.expect_filled(r, kept, stamp_of(r));
        pattern.fill(r, kept, stamp_of(r));
    }
    for (run* r : mine) pages.release(r);
}

TEST(page_allocator_random, four_threads_keep_their_pages) {
    init_once();
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 4; t++) threads.emplace_back(work_in_thread, t + 1, 3000 / kSanitizerFactor);
    for (std::thread& thread : threads) thread.join();
    EXPECT_STREQ(pages.validate(), nullptr);
    pages.purge_all();
    EXPECT_EQ(pages.stats().used, 0u);
    EXPECT_EQ(pages.stats().mapped, pages.stats().zero + pages.stats().stuck);
}

}  // namespace
