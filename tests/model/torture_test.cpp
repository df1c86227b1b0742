// Many threads, one heap. An aliased, lost or overwritten object cannot stay unseen: every object carries the
// stamp of its owner, and owners look at it whenever they touch or free it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "heap.h"
#include "support/child.h"
#include "worker.h"

namespace {

using model::playground;
using model::worker;

size_t steps() { return test::number_from("TEST_STEPS", 500000 / kSanitizerFactor); }
uint64_t seed() { return test::number_from("TEST_SEED", 1); }
constexpr unsigned kThreads = 6;

class torture : public testing::Test {
protected:
    void SetUp() override { printf("seed %lu, %zu steps\n", seed(), steps()); }

    template <typename F>
    void in_threads(unsigned count, F body) {
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < count; t++) threads.emplace_back([=] { body(t + 1); });
        for (std::thread& thread : threads) thread.join();
    }

    void expect_clean() {
        worker(shared, 1, 1).release_handed();
        EXPECT_STREQ(heap::validate(), nullptr);
        heap::trim();
        EXPECT_STREQ(heap::validate(), nullptr);
        EXPECT_TRUE(heap::nothing_in_use());
    }

    playground shared;
};

TEST_F(torture, threads_hand_objects_around) {
    in_threads(kThreads, [this](uint64_t t) {
        worker w(shared, t, seed());
        w.run(steps());
        w.release_all();
    });
    expect_clean();
}

// Threads that come and go leave their objects to others.
TEST_F(torture, threads_come_and_go) {
    constexpr unsigned kGenerations = 30;
    in_threads(4, [this](uint64_t t) {
        for (unsigned generation = 0; generation < kGenerations; generation++)
            std::thread([=, this] {
                worker w(shared, t * 100 + generation, seed());
                w.run(steps() / kGenerations);
                w.hand_all_over();
            }).join();
    });
    expect_clean();
}

TEST_F(torture, memory_is_given_back_meanwhile) {
    std::atomic<bool> done{false};
    std::thread trimmer([&] {
        while (!done) {
            heap::trim();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    in_threads(kThreads - 1, [this](uint64_t t) {
        worker w(shared, t, seed() + 1);
        w.run(steps() / 2);
        w.release_all();
    });
    done = true;
    trimmer.join();
    expect_clean();
}

// What the child of a fork does: its own objects are intact, the heap is consistent and goes on working.
[[noreturn]] void live_as_child(worker& mine, playground& shared) {
    alarm(30);
    if (const char* wrong = heap::validate()) {
        fprintf(stderr, "in the child: %s\n", wrong);
        _exit(2);
    }
    mine.check_all();
    shared.caches.clear();
    playground own;
    worker w(own, 77, seed());
    w.run(2000);
    mine.release_all();
    heap::trim();
    w.run(1000);
    w.release_all();
    w.release_handed();
    _exit(heap::validate() == nullptr ? 0 : 3);
}

TEST_F(torture, forks_in_the_middle) {
    constexpr int kForks = 40 / (kSanitizerFactor > 1 ? 4 : 1);
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (uint64_t t = 1; t <= 3; t++)
        threads.emplace_back([&, t] {
            worker w(shared, t, seed() + 2);
            while (!done) w.run(500);
            w.release_all();
        });
    worker mine(shared, 9, seed() + 2);
    for (int i = 0; i < kForks && !HasFailure(); i++) {
        mine.run(300);
        pid_t child = fork();
        if (child == 0) live_as_child(mine, shared);
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0) << "fork " << i << (WIFSIGNALED(status) ? ": signal " : ": exit ")
                             << (WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    mine.release_all();
    done = true;
    for (std::thread& thread : threads) thread.join();
    expect_clean();
}

}  // namespace
