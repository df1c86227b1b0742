// Shrinkers: when they are called, and what may happen meanwhile: recursion, another thread, unregistering, fork.
#include "kslab/shrinker.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "support/child.h"

namespace {

constexpr size_t kObject = 65536;

// All that KSLAB_LIMIT leaves.
std::vector<void*> exhaust() {
    std::vector<void*> all;
    while (void* object = kmalloc(kObject, GFP_NOWAIT)) all.push_back(object);
    return all;
}

void release(std::vector<void*>& objects) {
    for (void* object : objects) kfree(object);
    objects.clear();
}

// Does what a test tells it to.
struct scripted : shrinker {
    unsigned long left = 1000;
    std::atomic<int> counts{0}, scans{0};
    std::vector<unsigned long> asked_for;
    unsigned long (*on_scan)(scripted&, shrink_control&) = nullptr;

    scripted() : shrinker{} {
        count_objects = [](shrinker* s, shrink_control*) {
            auto* self = static_cast<scripted*>(s);
            self->counts++;
            return self->left;
        };
        scan_objects = [](shrinker* s, shrink_control* control) {
            auto* self = static_cast<scripted*>(s);
            self->scans++;
            self->asked_for.push_back(control->nr_to_scan);
            return self->on_scan != nullptr ? self->on_scan(*self, *control) : 0;
        };
    }
};

void in_child(const char* name) {
    test::outcome end = test::rerun(name, {"KSLAB_LIMIT=8M"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(shrinker, registering) {
    scripted one, two;
    EXPECT_EQ(register_shrinker(&one), 0);
    EXPECT_EQ(register_shrinker(&two), 0);
    for (shrinker* again : {static_cast<shrinker*>(&one), static_cast<shrinker*>(&two)}) {
        errno = 0;
        EXPECT_EQ(register_shrinker(again), -1);
        EXPECT_EQ(errno, EINVAL);
    }
    unregister_shrinker(&one);
    unregister_shrinker(&one);
    EXPECT_EQ(register_shrinker(&one), 0);
    unregister_shrinker(&one);
    unregister_shrinker(&two);
    shrinker empty{};
    EXPECT_EQ(register_shrinker(&empty), -1);
    EXPECT_EQ(register_shrinker(nullptr), -1);
}

CHILD_PROGRAM(batches) {
    scripted s;
    s.left = 300;
    ASSERT_EQ(register_shrinker(&s), 0);
    std::vector<void*> all = exhaust();
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    EXPECT_EQ(s.asked_for, (std::vector<unsigned long>{128, 128, 44}));
    s.asked_for.clear();
    s.batch = 200;
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    EXPECT_EQ(s.asked_for, (std::vector<unsigned long>{200, 100}));
    s.asked_for.clear();
    s.on_scan = [](scripted&, shrink_control&) { return SHRINK_STOP; };
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    EXPECT_EQ(s.asked_for, std::vector<unsigned long>{200}) << "it asked not to be asked again";
    s.asked_for.clear();
    for (unsigned long nothing : {0ul, SHRINK_STOP}) {
        s.left = nothing;
        EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    }
    EXPECT_EQ(s.asked_for.size(), 0u);
    unregister_shrinker(&s);
    int counts = s.counts;
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    EXPECT_EQ(s.counts, counts);
    release(all);
}
TEST(shrinker, is_asked_in_batches_until_it_stops) { in_child("batches"); }

std::vector<void*> kept;

CHILD_PROGRAM(recursion) {
    scripted s;
    s.on_scan = [](scripted& self, shrink_control&) -> unsigned long {
        // It may allocate; what fails within it does not ask shrinkers again.
        if (self.scans == 1) {
            EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
        }
        void* small = kmalloc(100, GFP_KERNEL | __GFP_HIGH);
        EXPECT_NE(small, nullptr);
        kfree(small);
        if (kept.empty()) return SHRINK_STOP;
        kfree(kept.back());
        kept.pop_back();
        return 1;
    };
    ASSERT_EQ(register_shrinker(&s), 0);
    kept = exhaust();
    size_t had = kept.size();
    s.left = 3;
    s.batch = 1;
    void* object = kmalloc(kObject, GFP_KERNEL);
    EXPECT_NE(object, nullptr);
    EXPECT_EQ(s.counts, 1) << "it was asked from within itself";
    EXPECT_EQ(kept.size(), had - 3);
    kfree(object);
    release(kept);
    unregister_shrinker(&s);
}
TEST(shrinker, may_allocate_and_is_not_entered_twice) { in_child("recursion"); }

std::atomic<int> step{0};
void wait_for(int wanted) {
    while (step < wanted) sched_yield();
}

CHILD_PROGRAM(unregistered_meanwhile) {
    scripted s;
    s.left = 1;
    s.on_scan = [](scripted&, shrink_control&) -> unsigned long {
        step = 1;
        wait_for(2);
        for (int i = 0; i < 200; i++) sched_yield();
        EXPECT_EQ(step, 2) << "unregister returned while the shrinker was at work";
        return SHRINK_STOP;
    };
    ASSERT_EQ(register_shrinker(&s), 0);
    std::vector<void*> all = exhaust();
    std::thread allocates([] { EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr); });
    wait_for(1);
    step = 2;
    unregister_shrinker(&s);
    step = 3;
    allocates.join();
    EXPECT_EQ(s.scans, 1);
    release(all);
}
TEST(shrinker, unregister_waits_for_a_call_to_end) { in_child("unregistered_meanwhile"); }

std::atomic<int> inside{0};

CHILD_PROGRAM(two_threads) {
    scripted s;
    s.batch = 1;
    s.on_scan = [](scripted&, shrink_control&) -> unsigned long {
        EXPECT_EQ(inside.fetch_add(1), 0) << "two threads in a shrinker";
        for (int i = 0; i < 10; i++) sched_yield();
        inside--;
        return SHRINK_STOP;
    };
    ASSERT_EQ(register_shrinker(&s), 0);
    std::vector<void*> all = exhaust();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([] {
            for (int i = 0; i < 50; i++) kfree(kmalloc(kObject, GFP_KERNEL));
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(s.scans, 10);
    unregister_shrinker(&s);
    release(all);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}
TEST(shrinker, one_thread_at_a_time_is_in_it) { in_child("two_threads"); }

void expect_good_child(scripted& s) {
    std::vector<void*> all = exhaust();
    s.on_scan = nullptr;
    int counts = s.counts;
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    EXPECT_GT(s.counts, counts) << "shrinkers are out of use";
    unregister_shrinker(&s);
    release(all);
}

int wait_status(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

// Another thread is in the shrinker when the process forks.
CHILD_PROGRAM(fork_meanwhile) {
    static scripted s;
    s.left = 1;
    s.on_scan = [](scripted&, shrink_control&) -> unsigned long {
        step = 1;
        wait_for(2);
        return SHRINK_STOP;
    };
    ASSERT_EQ(register_shrinker(&s), 0);
    std::vector<void*> all = exhaust();
    std::thread allocates([] { EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr); });
    wait_for(1);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        expect_good_child(s);
        _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    step = 2;
    EXPECT_EQ(wait_status(child), 0);
    allocates.join();
    unregister_shrinker(&s);
    release(all);
}
TEST(shrinker, the_child_of_a_fork_can_use_what_another_thread_was_in) { in_child("fork_meanwhile"); }

// The shrinker itself forks.
CHILD_PROGRAM(fork_within) {
    static scripted s;
    static pid_t child;
    s.left = 1;
    s.on_scan = [](scripted&, shrink_control&) -> unsigned long {
        child = fork();
        return SHRINK_STOP;
    };
    std::thread([] {}).join();  // fork takes locks only when there have been threads
    ASSERT_EQ(register_shrinker(&s), 0);
    std::vector<void*> all = exhaust();
    EXPECT_EQ(kmalloc(kObject, GFP_KERNEL), nullptr);
    if (child == 0) {
        alarm(20);
        expect_good_child(s);
        _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    EXPECT_EQ(wait_status(child), 0);
    unregister_shrinker(&s);
    release(all);
}
TEST(shrinker, may_fork) { in_child("fork_within"); }

}  // namespace
