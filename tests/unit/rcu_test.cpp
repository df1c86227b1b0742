// Read sections, grace periods and callbacks. What must not happen is looked for until the one who waits has started
// its grace period and then had many chances to go on.
// full: grace_period.unlinked_objects_outlive_their_readers
#include "kslab/rcu.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "os/barrier.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/rcu_readers.h"
#include "thread/rcu.h"

namespace {

using test::give_chances;
using test::reader;
using test::until;

uint64_t epoch() { return kslab::rcu_epoch.load(); }
uint64_t own_section() { return kslab::current_thread->rcu_section; }
uint64_t depth() { return own_section() & kslab::kNesting; }

// synchronize_rcu in a thread, which has begun when the constructor returns.
class waiter {
public:
    waiter() {
        uint64_t before = epoch();
        thread_ = std::thread([this] {
            synchronize_rcu();
            done_ = true;
        });
        until([&] { return epoch() != before; });
    }
    ~waiter() { thread_.join(); }
    bool done() const { return done_; }
    void expect_waiting() const {
        give_chances();
        EXPECT_FALSE(done_);
    }

private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

TEST(read_section, nests) {
    for (int i = 1; i <= 100; i++) {
        rcu_read_lock();
        EXPECT_EQ(depth(), static_cast<uint64_t>(i));
    }
    uint64_t outermost = own_section() >> kslab::kEpochShift;
    EXPECT_EQ(outermost, epoch() >> kslab::kEpochShift);
    for (int i = 99; i >= 0; i--) {
        rcu_read_unlock();
        EXPECT_EQ(depth(), static_cast<uint64_t>(i));
    }
    { kslab::rcu_read_guard guard; EXPECT_EQ(depth(), 1u); }
    EXPECT_EQ(depth(), 0u);
}

TEST(read_section, of_a_thread_that_never_allocated) {
    std::thread([] {
        EXPECT_EQ(kslab::state_of(kslab::current_thread), kslab::thread_state::empty);
        rcu_read_lock();
        EXPECT_EQ(kslab::state_of(kslab::current_thread), kslab::thread_state::alive);
        EXPECT_EQ(depth(), 1u);
        rcu_read_unlock();
    }).join();
}

TEST(read_section, end_without_begin_is_told) {
    rcu_read_lock();
    rcu_read_unlock();
    kslab_last_report[0] = '\0';
    rcu_read_unlock();
    EXPECT_STREQ(kslab_last_report, "kslab: rcu_read_unlock without rcu_read_lock\n");
    EXPECT_EQ(depth(), 0u);
}

TEST(read_section, left_open_by_a_thread_ends_with_it) {
    kslab_last_report[0] = '\0';
    std::thread([] { rcu_read_lock(); }).join();
    EXPECT_STREQ(kslab_last_report,
                 "kslab: a thread ended in a read section (rcu_read_lock without rcu_read_unlock)\n");
    synchronize_rcu();
}

void grace_period_waits_for_the_outermost_end() {
    reader r;
    r.lock();
    r.lock();
    waiter w;
    w.expect_waiting();
    r.unlock();
    w.expect_waiting();
    r.unlock();
    until([&] { return w.done(); });
}

void grace_period_does_not_wait_for_later_sections() {
    reader early, late;
    early.lock();
    waiter w;
    late.lock();
    w.expect_waiting();
    early.unlock();
    until([&] { return w.done(); });
    late.unlock();
}

// A section that ends and begins again between two looks of the waiter is a later one.
void grace_period_passes_readers_that_come_again() {
    std::atomic<bool> stop{false};
    std::atomic<int> rounds{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; i++)
        readers.emplace_back([&] {
            while (!stop) {
                rcu_read_lock();
                rounds++;
                rcu_read_unlock();
            }
        });
    until([&] { return rounds > 3; });
    for (int i = 0; i < 20; i++) synchronize_rcu();
    stop = true;
    for (std::thread& thread : readers) thread.join();
}

TEST(grace_period, waits_for_the_outermost_end) { grace_period_waits_for_the_outermost_end(); }
TEST(grace_period, does_not_wait_for_later_sections) { grace_period_does_not_wait_for_later_sections(); }
TEST(grace_period, passes_readers_that_come_again) { grace_period_passes_readers_that_come_again(); }

TEST(grace_period, in_a_section_aborts) {
    const char* rows[] = {"synchronize_rcu", "rcu_barrier"};
    for (int row = 0; row < 2; row++) {
        test::outcome end = test::in_fork([row] {
            rcu_read_lock();
            row == 0 ? synchronize_rcu() : rcu_barrier();
        });
        EXPECT_EQ(end.signal, SIGABRT);
        EXPECT_EQ(end.report, std::string("kslab: ") + rows[row] + " in a read section would wait for itself for ever\n");
    }
}

// A reader publishes, the writer unlinks, both without fences: what the reader found is there until it is done. Two words
// play the structure; `alive` is what freeing takes away.
void unlinked_objects_outlive_their_readers() {
    struct object { std::atomic<int> alive{1}; };
    std::vector<object> objects(20000 / kSanitizerFactor);
    object* shared = &objects[0];
    std::atomic<bool> stop{false};
    std::atomic<int> dead{0}, looks{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; i++)
        readers.emplace_back([&] {
            while (!stop) {
                rcu_read_lock();
                object* o = rcu_dereference(shared);
                for (int look = 0; look < 100; look++)
                    if (o->alive.load(std::memory_order_relaxed) == 0) dead++;
                rcu_read_unlock();
                looks++;
            }
        });
    until([&] { return looks > 2; });
    for (size_t i = 1; i < objects.size(); i++) {
        object* old = shared;
        rcu_assign_pointer(shared, &objects[i]);
        synchronize_rcu();
        old->alive.store(0, std::memory_order_relaxed);
    }
    stop = true;
    for (std::thread& thread : readers) thread.join();
    EXPECT_EQ(dead, 0);
}

TEST(grace_period, unlinked_objects_outlive_their_readers) { unlinked_objects_outlive_their_readers(); }

// ---- Without membarrier.

CHILD_PROGRAM(readers_fence) {
    kslab::os_barrier_forget(true);
    rcu_read_lock();
    EXPECT_NE(own_section() & kslab::kReaderFences, 0u);
    EXPECT_EQ(depth(), 1u);
    rcu_read_lock();
    EXPECT_EQ(depth(), 2u);
    rcu_read_unlock();
    rcu_read_unlock();
    EXPECT_EQ(depth(), 0u);
    EXPECT_NE(own_section() & kslab::kReaderFences, 0u);
    grace_period_waits_for_the_outermost_end();
    grace_period_does_not_wait_for_later_sections();
    grace_period_passes_readers_that_come_again();
    unlinked_objects_outlive_their_readers();
}

CHILD_PROGRAM(membarrier_is_taken_away) {
    rcu_read_lock();
    rcu_read_unlock();
    EXPECT_EQ(own_section(), kslab::kReaderOutside);
    kslab::os_barrier_forget(true);
    grace_period_waits_for_the_outermost_end();
    grace_period_does_not_wait_for_later_sections();
}

TEST(without_membarrier, readers_fence) {
    test::outcome end = test::rerun("readers_fence");
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(without_membarrier, taken_away_later) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "readers always fence under this sanitizer";
#endif
    test::outcome end = test::rerun("membarrier_is_taken_away");
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Threads that have torn down their arrays.

pthread_key_t late_key;
std::atomic<int> stage{0};

void late_destructor(void* value) {
    if (kslab::state_of(kslab::current_thread) != kslab::thread_state::dead) {
        // Not kslab's turn yet: once more.
        pthread_setspecific(late_key, value);
        return;
    }
    rcu_read_lock();
    stage = 1;
    until([] { return stage == 2; });
    rcu_read_unlock();
}

TEST(dead_thread, holds_grace_periods_back) {
    synchronize_rcu();  // kslab's key comes first
    ASSERT_EQ(pthread_key_create(&late_key, late_destructor), 0);
    std::thread thread([] {
        rcu_read_lock();
        rcu_read_unlock();
        pthread_setspecific(late_key, &stage);
    });
    until([] { return stage == 1; });
    {
        waiter w;
        w.expect_waiting();
        stage = 2;
    }
    thread.join();
    synchronize_rcu();
}

// ---- Callbacks.

struct counted {
    rcu_head head;
    int number;
};
std::vector<int> ran;

class callbacks : public testing::Test {
protected:
    void SetUp() override { ran.clear(); }
};

void note(rcu_head* head) {
    ran.push_back(reinterpret_cast<counted*>(head)->number);
    errno = 77;
}

TEST_F(callbacks, run_once_in_the_order_of_queueing) {
    std::vector<counted> all(5000);
    for (int i = 0; i < 5000; i++) {
        all[static_cast<size_t>(i)].number = i;
        call_rcu(&all[static_cast<size_t>(i)].head, note);
    }
    errno = 5;
    rcu_barrier();
    EXPECT_EQ(errno, 5);
    ASSERT_EQ(ran.size(), 5000u);
    for (int i = 0; i < 5000; i++) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
    kslab::rcu_poll_now();
    EXPECT_EQ(ran.size(), 5000u);
    EXPECT_EQ(kslab::rcu_callbacks_waiting, 0u);
}

TEST_F(callbacks, wait_for_older_sections_only) {
    reader old;
    old.lock();
    counted first{{}, 1}, second{{}, 2};
    call_rcu(&first.head, note);
    for (int i = 0; i < 5; i++) kslab::rcu_poll_now();
    EXPECT_TRUE(ran.empty());
    reader later;
    later.lock();
    old.unlock();
    kslab::rcu_poll_now();
    EXPECT_EQ(ran, std::vector<int>{1});
    // That section is older than this one.
    call_rcu(&second.head, note);
    for (int i = 0; i < 5; i++) kslab::rcu_poll_now();
    EXPECT_EQ(ran.size(), 1u);
    later.unlock();
    rcu_barrier();
    EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST_F(callbacks, run_in_slow_paths) {
    counted one{{}, 1};
    call_rcu(&one.head, note);
    for (int i = 0; i < 1000000 && ran.empty(); i++) kslab::rcu_poll();
    EXPECT_EQ(ran, std::vector<int>{1});
}

std::atomic<int> chain_left{0};
void queue_again(rcu_head* head) {
    if (--chain_left > 0) call_rcu(head, queue_again);
}

TEST_F(callbacks, may_queue_themselves_again) {
    rcu_head head;
    chain_left = 10;
    call_rcu(&head, queue_again);
    rcu_barrier();
    EXPECT_LT(chain_left, 10);
    while (chain_left > 0) rcu_barrier();
    rcu_barrier();
    EXPECT_EQ(kslab::rcu_callbacks_waiting, 0u);
}

void call_barrier(rcu_head*) { rcu_barrier(); }

TEST_F(callbacks, barrier_in_one_aborts) {
    test::outcome end = test::in_fork([] {
        rcu_head head;
        call_rcu(&head, call_barrier);
        rcu_barrier();
    });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report, "kslab: rcu_barrier in a callback would wait for itself for ever\n");
}

std::atomic<int> finished{0}, running{0};
void count_finished(rcu_head*) {
    EXPECT_EQ(running++, 0) << "one at a time";
    sched_yield();
    running--;
    finished++;
}

// Each thread's barrier covers at least what it queued itself.
TEST_F(callbacks, of_many_threads_with_barriers) {
    finished = 0;
    constexpr int kThreads = 4, kRounds = 20, kEach = 10;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([] {
            for (int round = 0; round < kRounds; round++) {
                std::vector<rcu_head> heads(kEach);
                for (rcu_head& head : heads) call_rcu(&head, count_finished);
                rcu_barrier();
                for (rcu_head& head : heads) head.func = nullptr;  // ours again
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(finished, kThreads * kRounds * kEach);
}

// ---- fork.

int status_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(fork_child, has_the_sections_of_the_forking_thread_only) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "the child calls more than sanitizers allow";
#endif
    ran.clear();
    reader other;
    other.lock();
    counted one{{}, 1};
    call_rcu(&one.head, note);
    kslab::rcu_poll_now();  // its batch waits for the other thread
    rcu_read_lock();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++) kslab::rcu_poll_now();
        if (depth() != 1 || !ran.empty()) _exit(1);
        rcu_read_unlock();
        rcu_barrier();
        _exit(ran.size() == 1 ? 0 : 2);
    }
    EXPECT_EQ(status_of(child), 0);
    rcu_read_unlock();
    kslab::rcu_poll_now();
    EXPECT_TRUE(ran.empty());
    other.unlock();
    rcu_barrier();
    EXPECT_EQ(ran.size(), 1u);
}

std::atomic<int> in_callback{0};
void stay(rcu_head*) {
    in_callback = 1;
    until([] { return in_callback == 2; });
}

// The child does not wait for what a thread that it does not have was running.
TEST(fork_child, does_not_wait_for_a_callback_of_another_thread) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "the child calls more than sanitizers allow";
#endif
    finished = 0;
    rcu_head first, second;
    std::thread runner([&] {
        call_rcu(&first, stay);
        rcu_barrier();
    });
    until([] { return in_callback == 1; });
    call_rcu(&second, count_finished);
    pid_t child = fork();
    if (child == 0) {
        rcu_barrier();
        _exit(finished == 1 ? 0 : 1);
    }
    EXPECT_EQ(status_of(child), 0);
    in_callback = 2;
    runner.join();
    rcu_barrier();
    EXPECT_EQ(finished, 1);
}

}  // namespace
