// Pools under contention: that requests which may wait are always served, by no more than the reserve; that no
// element is lost or had twice while the pool is resized; and that no wake-up is lost, which shows when the time-out
// of 5 seconds that would hide it is taken away. Meant for the thread sanitizer as well.
#include <errno.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "api/mempool.h"
#include "debug/object/validate_heap.h"
#include "support/child.h"
#include "support/pool_source.h"
#include "support/random.h"

namespace {

using namespace kslab;
using test::pool_source;

constexpr int kThreads = 6;
constexpr int kRequests = 20000 / static_cast<int>(kSanitizerFactor);

// A thread that nobody wakes sleeps for ever: then the alarm ends the program.
class mempool_threads : public testing::Test {
protected:
    void SetUp() override {
        alarm(50);
        mempool_set_retry(kForEver);
    }
    void TearDown() override {
        mempool_set_retry(kRetryMilliseconds);
        alarm(0);
    }
};

void in_threads(int count, const std::function<void(int)>& body) {
    std::vector<std::thread> threads;
    for (int t = 0; t < count; t++) threads.emplace_back(body, t);
    for (std::thread& thread : threads) thread.join();
}

uint32_t waiters(mempool_t* pool) {
    scoped_lock hold(pool->lock);
    return pool->waiters;
}

void until(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
}

// Asleep, as far as the system says so: a waiter that is only about to sleep would not show a lost wake-up.
void until_asleep(mempool_t* pool, uint32_t count) {
    until([=] { return waiters(pool) == count; });
    for (int i = 0; i < 1000; i++) std::this_thread::yield();
}

void expect_whole(mempool_t* pool, const pool_source& source) {
    EXPECT_EQ(waiters(pool), 0u);
    EXPECT_LE(mempool_curr_nr(pool), mempool_min_nr(pool));
    EXPECT_EQ(source.alive(), mempool_curr_nr(pool)) << "elements were lost";
}

// ---- It never fails

TEST_F(mempool_threads, all_requests_are_served_by_the_reserve_alone) {
    for (int k : {1, 2, 3}) {
        pool_source source;
        mempool_t* pool = source.pool(k);
        source.budget = 0;
        std::atomic<int> outstanding{0};
        std::atomic<long> served{0};
        in_threads(kThreads, [&](int) {
            for (int i = 0; i < kRequests; i++) {
                void* element = mempool_alloc(pool, i % 2 == 0 ? GFP_KERNEL : GFP_NOIO);
                ASSERT_NE(element, nullptr);
                EXPECT_LE(++outstanding, k);
                test::own(element);
                if (i % 64 == 0) std::this_thread::yield();
                test::disown(element);
                outstanding--;
                mempool_free(element, pool);
                served++;
            }
        });
        EXPECT_EQ(served, long{kThreads} * kRequests);
        EXPECT_EQ(source.made, k);
        EXPECT_EQ(mempool_curr_nr(pool), k);
        expect_whole(pool, source);
        mempool_destroy(pool);
    }
}

// ---- Resizing meanwhile

TEST_F(mempool_threads, resizing_loses_no_element_and_doubles_none) {
    pool_source source;
    mempool_t* pool = source.pool(4);
    source.one_of = 3;
    std::atomic<bool> done{false};
    std::vector<std::thread> resizers;
    for (unsigned seed = 0; seed < 2; seed++)
        resizers.emplace_back([&, seed] {
            test::random random(seed);
            while (!done) {
                EXPECT_EQ(mempool_resize(pool, static_cast<int>(random.between(1, 12)), GFP_KERNEL), 0);
                if (random.one_in(8)) std::this_thread::yield();
            }
        });
    in_threads(kThreads, [&](int t) {
        test::random random(100 + static_cast<unsigned>(t));
        for (int i = 0; i < kRequests / 4; i++) {
            // The others can always give one back: nobody waits who has one.
            void* element = mempool_alloc(pool, GFP_KERNEL);
            ASSERT_NE(element, nullptr);
            test::own(element);
            if (random.one_in(4)) std::this_thread::yield();
            void* second = random.one_in(3) ? mempool_alloc(pool, GFP_ATOMIC) : nullptr;
            if (second != nullptr) test::own(second), test::disown(second);
            test::disown(element);
            mempool_free(second, pool);
            mempool_free(element, pool);
        }
    });
    done = true;
    for (std::thread& thread : resizers) thread.join();
    source.one_of = 1;
    expect_whole(pool, source);
    // Larger than any before: the size it has already would not fill it.
    EXPECT_EQ(mempool_resize(pool, 13, GFP_KERNEL), 0);
    EXPECT_EQ(mempool_curr_nr(pool), 13);
    expect_whole(pool, source);
    mempool_destroy(pool);
    EXPECT_EQ(source.alive(), 0);
    EXPECT_STREQ(validate_heap(), nullptr);
}

// ---- Wake-ups

TEST_F(mempool_threads, each_free_wakes_one) {
    pool_source source;
    mempool_t* pool = source.pool(3);
    source.budget = 0;
    void* e[3];
    for (void*& element : e) element = mempool_alloc(pool, GFP_KERNEL);
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            void* element = mempool_alloc(pool, GFP_KERNEL);
            served++;
            until([&] { return served == 3; });
            mempool_free(element, pool);
        });
    for (int i = 0; i < 3; i++) {
        until_asleep(pool, 3 - static_cast<uint32_t>(i));
        EXPECT_EQ(served, i);
        mempool_free(e[i], pool);
        until([&] { return served == i + 1; });
    }
    for (std::thread& thread : threads) thread.join();
    expect_whole(pool, source);
    mempool_destroy(pool);
}

// The woken one is served by the backing, and the element it was woken for must reach the other.
TEST_F(mempool_threads, a_wake_up_that_was_not_needed_is_passed_on) {
    pool_source source;
    mempool_t* pool = source.pool(1);
    source.budget = 0;
    void* only = mempool_alloc(pool, GFP_KERNEL);
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    std::atomic<void*> kept[2] = {};
    for (auto& slot : kept)
        threads.emplace_back([&] {
            slot = mempool_alloc(pool, GFP_KERNEL);
            served++;
        });
    until_asleep(pool, 2);
    source.budget = 1;
    mempool_free(only, pool);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(served, 2);
    for (auto& slot : kept) mempool_free(slot, pool);
    expect_whole(pool, source);
    mempool_destroy(pool);
}

TEST_F(mempool_threads, growing_wakes_who_waits) {
    pool_source source;
    mempool_t* pool = source.pool(1);
    source.budget = 0;
    void* only = mempool_alloc(pool, GFP_KERNEL);
    void* second = nullptr;
    std::thread waiter([&] { second = mempool_alloc(pool, GFP_KERNEL); });
    until_asleep(pool, 1);
    source.budget = 1;
    EXPECT_EQ(mempool_resize(pool, 3, GFP_KERNEL), 0);
    waiter.join();
    EXPECT_NE(second, nullptr);
    mempool_free(only, pool);
    mempool_free(second, pool);
    expect_whole(pool, source);
    mempool_destroy(pool);
}

// The backing rarely has something: with and without a reserve, and with requests that give up.
TEST_F(mempool_threads, no_wake_up_is_lost) {
    for (int min_nr : {0, 1, 2})
        for (bool impatient : {false, true}) {
            pool_source source;
            mempool_t* pool = source.pool(min_nr);
            source.one_of = min_nr == 0 ? 1 : 50;
            source.budget = min_nr == 0 ? 1 : pool_source::kAny;
            in_threads(kThreads, [&](int t) {
                for (int i = 0; i < kRequests / 20; i++) {
                    void* element = impatient && t % 2 == 0 ? mempool_alloc_timeout(pool, GFP_KERNEL, 1)
                                                            : mempool_alloc(pool, GFP_KERNEL);
                    if (element == nullptr) continue;
                    test::own(element);
                    if (i % 4 == 0) std::this_thread::yield();
                    test::disown(element);
                    // The one of the backing goes back to it before the pool is told.
                    if (min_nr == 0) source.budget++;
                    mempool_free(element, pool);
                }
            });
            expect_whole(pool, source);
            mempool_destroy(pool);
        }
}

TEST_F(mempool_threads, without_a_wake_up_the_backing_is_asked_again_after_the_time_out) {
    EXPECT_EQ(kRetryMilliseconds, 5000u);
    mempool_set_retry(20);
    pool_source source;
    mempool_t* pool = source.pool(1);
    source.budget = 0;
    void* only = mempool_alloc(pool, GFP_KERNEL);
    void* second = nullptr;
    std::thread waiter([&] { second = mempool_alloc(pool, GFP_KERNEL); });
    until_asleep(pool, 1);
    source.budget = 1;
    waiter.join();
    EXPECT_NE(second, nullptr);
    mempool_free(only, pool);
    mempool_free(second, pool);
    expect_whole(pool, source);
    mempool_destroy(pool);
}

// ---- The life of a process

TEST_F(mempool_threads, destroying_what_others_wait_for_is_a_mistake) {
    test::outcome end = test::in_fork([] {
        pool_source source;
        mempool_t* pool = source.pool(1);
        source.budget = 0;
        mempool_alloc(pool, GFP_KERNEL);
        std::thread waiter([=] { mempool_alloc(pool, GFP_KERNEL); });
        until([=] { return waiters(pool) == 1; });
        mempool_destroy(pool);
    });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, "kslab: mempool_destroy: 1 threads wait for an element of the pool\n");
}

TEST_F(mempool_threads, a_forked_child_finds_the_pool_unlocked_and_nobody_waiting) {
    pool_source source;
    mempool_t* pool = source.pool(2);
    source.budget = 0;
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            while (!done) mempool_free(mempool_alloc(pool, GFP_KERNEL), pool);
        });
    for (int i = 0; i < 30 / static_cast<int>(kSanitizerFactor); i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            if (waiters(pool) != 0) _exit(1);
            // Elements of threads that are not here are lost, so there may be none, but the pool works.
            void* element = mempool_alloc(pool, GFP_ATOMIC);
            int before = mempool_curr_nr(pool);
            mempool_free(element, pool);
            _exit(mempool_curr_nr(pool) == before + (element != nullptr) ? 0 : 2);
        }
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    expect_whole(pool, source);
    mempool_destroy(pool);
}

}  // namespace
