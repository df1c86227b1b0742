#include "debug/leak/leak_threads.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "debug/leak/leak_tracer.h"

namespace {

using namespace kslab;

// Nothing of libc or GoogleTest between stop and resume: a stopped thread may hold their locks.
struct outcome {
    bool stopped, complete;
    size_t count;
    bool moved;      // some thread ran meanwhile
    uintptr_t found; // of the words looked for, a bit each
};

[[maybe_unused]] outcome stop_and_look(const std::vector<std::atomic<long>>& counters, uintptr_t first_word) {
    stopped_threads threads;
    outcome result{};
    threads_stop(threads);
    result.stopped = threads.stopped;
    result.complete = threads.complete;
    result.count = threads.count;
    long before = 0, after = 0;
    for (const std::atomic<long>& c : counters) before += c;
    uint64_t until = monotonic_ms() + 20;
    while (monotonic_ms() < until) {
    }
    for (const std::atomic<long>& c : counters) after += c;
    result.moved = before != after;
    for (size_t i = 0; i < threads.count; i++)
        for (uintptr_t word : threads.threads[i].registers)
            if (threads.threads[i].state == tracee_state::stopped && word - first_word < counters.size())
                result.found |= uintptr_t{1} << (word - first_word);
    threads_resume(threads);
    return result;
}

#if defined(__x86_64__)
TEST(leak_threads, all_are_stopped_and_their_registers_known) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the thread sanitizer's own thread and calls do not get along with threads that stand still";
#endif
    constexpr unsigned kThreads = 12;
    constexpr uintptr_t kFirst = 0x1234567890000;
    std::vector<std::atomic<long>> counters(kThreads);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kThreads; i++)
        threads.emplace_back([&, i] {
            register uintptr_t word __asm__("r14") = kFirst + i;
            while (!stop) {
                __asm__ volatile("" : "+r"(word));
                counters[i].fetch_add(1);
            }
        });
    for (std::atomic<long>& c : counters)
        while (c == 0) std::this_thread::yield();
    for (int round = 0; round < 20; round++) {
        outcome result = stop_and_look(counters, kFirst);
        if (!result.stopped) {
            stop = true;
            for (std::thread& t : threads) t.join();
            GTEST_SKIP() << "ptrace is not allowed here";
        }
        EXPECT_TRUE(result.complete);
        EXPECT_EQ(result.count, kThreads);
        EXPECT_FALSE(result.moved);
        EXPECT_EQ(result.found, (uintptr_t{1} << kThreads) - 1);
    }
    long before = counters[0];
    while (counters[0] == before) std::this_thread::yield();  // it runs on
    stop = true;
    for (std::thread& t : threads) t.join();
}
#endif

TEST(leak_threads, a_single_thread_needs_no_tracer) {
    stopped_threads threads;
    threads_stop(threads);
    EXPECT_TRUE(threads.stopped);
    EXPECT_TRUE(threads.complete);
    EXPECT_EQ(threads.count, 0u);
    EXPECT_EQ(threads.tracer, 0);
    threads_resume(threads);
}

TEST(leak_threads, signals_are_blocked_only_meanwhile) {
    sigset_t before, during, after;
    ASSERT_EQ(sigprocmask(SIG_BLOCK, nullptr, &before), 0);
    stopped_threads threads;
    threads_stop(threads);
    sigprocmask(SIG_BLOCK, nullptr, &during);
    threads_resume(threads);
    ASSERT_EQ(sigprocmask(SIG_BLOCK, nullptr, &after), 0);
    EXPECT_TRUE(sigismember(&during, SIGTERM));
    EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

TEST(leak_threads, no_child_is_left) {
    std::atomic<bool> stop{false};
    std::thread other([&] {
        while (!stop) std::this_thread::yield();
    });
    for (int i = 0; i < 10; i++) {
        stopped_threads threads;
        threads_stop(threads);
        threads_resume(threads);
    }
    EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    stop = true;
    other.join();
}

}  // namespace
