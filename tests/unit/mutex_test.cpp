#include "base/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/child.h"

namespace {

using namespace kslab;

constexpr int kRounds = 400000 / kSanitizerFactor;

// A plain variable: a mutex that lets two in loses counts (and the thread sanitizer says so).
TEST(mutex, excludes_under_contention) {
    mutex lock{lock_rank::page_allocator};
    volatile long counter = 0;
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&] {
            ready++;
            while (ready < 4) std::this_thread::yield();  // a thread could be done before the next begins
            for (int i = 0; i < kRounds; i++) {
                scoped_lock hold(lock);
                counter = counter + 1;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter, 4L * kRounds);
}

// The holder keeps it so long that the waiters sleep; each unlock must wake one.
TEST(mutex, sleepers_are_woken) {
    mutex lock{lock_rank::page_allocator};
    int turns = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; t++)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; i++) {
                scoped_lock hold(lock);
                turns++;
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(turns, 160);
}

TEST(mutex, try_lock_fails_while_held) {
    mutex lock{lock_rank::page_allocator};
    ASSERT_TRUE(lock.try_lock());
    bool second = true;
    std::thread([&] { second = lock.try_lock(); }).join();
    EXPECT_FALSE(second);
    lock.unlock();
    std::thread([&] {
        second = lock.try_lock();
        if (second) lock.unlock();
    }).join();
    EXPECT_TRUE(second);
}

TEST(mutex, scoped_lock_can_be_left_and_entered_again) {
    mutex lock{lock_rank::page_allocator};
    {
        scoped_lock hold(lock);
        hold.unlock();
        EXPECT_TRUE(lock.try_lock());
        lock.unlock();
        hold.lock();
        EXPECT_FALSE(lock.try_lock());
        hold.unlock();
    }
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(mutex, the_forking_thread_enters_what_it_holds) {
    mutex lock{lock_rank::page_allocator};
    ASSERT_TRUE(lock.lock());
    fork_owner.store(host_thread_token());
    bool inner = lock.lock();
    EXPECT_FALSE(inner);
    lock.unlock(inner);
    bool other = true;
    std::thread([&] { other = lock.try_lock(); }).join();
    EXPECT_FALSE(other) << "the inner user released what the fork still needs";
    fork_owner.store(0);
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(mutex, reset_frees_what_a_vanished_thread_held) {
    mutex lock{lock_rank::page_allocator};
    std::thread([&] { lock.lock(); }).join();
    EXPECT_FALSE(lock.try_lock());
    lock.reset();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

#if KSLAB_ASSERTS
TEST(mutex, ranks_out_of_order_are_reported) {
    test::outcome end = test::in_fork([] {
        mutex low{lock_rank::list_lock};
        mutex high{lock_rank::page_allocator};
        high.lock();
        low.lock();
    });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_NE(end.report.find("a lock was taken out of order"), std::string::npos) << end.report;
}

TEST(mutex, who_only_tries_may_come_in_any_order) {
    mutex low{lock_rank::list_lock};
    mutex high{lock_rank::page_allocator};
    bool held = high.lock();
    EXPECT_TRUE(low.try_lock());
    low.unlock();
    high.unlock(held);
    test::outcome end = test::in_fork([] {
        mutex lowest{lock_rank::boot};
        mutex tried{lock_rank::page_allocator};
        tried.try_lock();
        lowest.lock();
    });
    EXPECT_EQ(end.signal, SIGABRT) << "but who waits then is reported";
}

TEST(mutex, two_of_one_rank_are_reported) {
    test::outcome end = test::in_fork([] {
        mutex one{lock_rank::shared};
        mutex two{lock_rank::shared};
        one.lock();
        two.lock();
    });
    EXPECT_EQ(end.signal, SIGABRT);
}

TEST(mutex, ascending_ranks_are_fine) {
    mutex low{lock_rank::list_lock};
    mutex high{lock_rank::page_allocator};
    for (int i = 0; i < 3; i++) {
        scoped_lock first(low);
        scoped_lock second(high);
    }
}
#endif

}  // namespace
