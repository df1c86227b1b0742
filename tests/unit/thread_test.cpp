// Threads' arrays: the budget they keep, what becomes of them when threads end, and in the child of a fork.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/stats.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "support/child.h"
#include "support/random.h"
#include "thread/slots.h"

namespace {

using namespace kslab;

size_t in_use() {
    static heap_stats stats;
    heap_stats_read(stats);
    return stats.small_used + stats.large_pages * kPageSize;
}

// Sum over the calling thread's arrays.
struct array_sums {
    size_t reserved = 0, held = 0;
};
array_sums own_arrays() {
    array_sums sums;
    for (unsigned i = 0; i < slots.count; i++) {
        const array_cache* ac = array_at(current_thread, slots.cache[i]->slot);
        sums.reserved += size_t{ac->limit} * slots.cache[i]->size;
        sums.held += size_t{ac->avail} * slots.cache[i]->size;
        EXPECT_LE(ac->avail, ac->limit);
        EXPECT_LE(ac->limit, ac->capacity());
    }
    for (uint32_t i = 0; i < vector_size(current_thread); i++)
        if (const array_cache* ac = current_thread->vector[i].real) {
            sums.reserved += size_t{ac->limit} * vector_caches[i]->size;
            sums.held += size_t{ac->avail} * vector_caches[i]->size;
        }
    return sums;
}

void use_all_classes_within_the_budget() {
    test::random random(31);
    std::vector<void*> live;
    size_t most = 0;
    for (int i = 0; i < 300000 / static_cast<int>(kSanitizerFactor); i++) {
        bool grow = live.size() < 4000 && random.below(1000) < (i / 5000 % 2 == 0 ? 600u : 400u);
        if (live.empty() || grow) {
            live.push_back(kmalloc(random.between(1, random.one_in(3) ? 8192 : 600), 0));
        } else {
            std::swap(live[random.below(live.size())], live.back());
            kfree(live.back());
            live.pop_back();
        }
        if (i % 100 != 0) continue;
        array_sums sums = own_arrays();
        ASSERT_EQ(sums.reserved, current_thread->reserved);
        ASSERT_LE(sums.reserved, current_thread->room);
        ASSERT_LE(sums.held, current_thread->room);
        ASSERT_LE(current_thread->room, kMostRoom * active_options.thread_cache);
        if (sums.held > most) most = sums.held;
    }
    EXPECT_GT(most, active_options.thread_cache / 4) << "the budget is hardly used";
    for (void* object : live) kfree(object);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(thread, a_slot_leads_to_its_cache) {
    boot();
    unsigned slots_met = 0;
    for_each_cache([&](kslab::kmem_cache* cache) {
        if (cache->slot == 0) return;
        EXPECT_EQ(cache_of_slot(cache->slot), cache) << cache->name;
        slots_met++;
    });
    EXPECT_EQ(slots_met, slots.count);
}

TEST(thread, arrays_keep_the_budget) { use_all_classes_within_the_budget(); }

CHILD_PROGRAM(small_budget) { use_all_classes_within_the_budget(); }
TEST(thread, arrays_keep_a_small_budget) {
    test::outcome end = test::rerun("small_budget", {"KSLAB_THREAD_CACHE=32K"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

class busy_thread {
public:
    explicit busy_thread(uint64_t seed) : random_(seed) {}
    void work() { kfree(std::exchange(live_[random_.below(live_.size())], kmalloc(random_.between(1, 8192), 0))); }
    // Until it has so much room; false: it does not get that.
    bool work_for(size_t room) {
        for (int i = 0; i < 200000 && current_thread->room < room; i++) work();
        return current_thread->room >= room;
    }
    void end() {
        for (void*& object : live_) kfree(std::exchange(object, nullptr));
    }

private:
    test::random random_;
    std::vector<void*> live_ = std::vector<void*>(4000, nullptr);
};

// It works on more than its arrays have room for, for long.
TEST(thread, a_busy_thread_gets_more_room_and_gives_it_back) {
    busy_thread busy(7);
    size_t once = active_options.thread_cache;
    for (int i = 0; i < 12000; i++) {
        busy.work();
        ASSERT_LE(current_thread->reserved, current_thread->room);
    }
    EXPECT_LE(current_thread->room, 2 * once) << "some 50 MB are little";
    EXPECT_TRUE(busy.work_for(3 * once));
    busy.end();
    EXPECT_EQ(current_thread->room, once);
    EXPECT_LE(own_arrays().reserved, once);
    EXPECT_LE(own_arrays().held, once);
    EXPECT_EQ(own_arrays().reserved, current_thread->reserved);
    EXPECT_STREQ(validate_heap(), nullptr);
}

// Else arrays that are in use lose their budget to each other, for they are not refilled between two visits.
TEST(thread, what_looks_for_budget_pauses_after_each_round) {
    constexpr int kPause = 250;
    constexpr int kMostLacks = 2;  // one to allocate, one to free
    busy_thread busy(13);
    int rounds = 0, since = kPause;
    for (int i = 0; i < 40000; i++) {
        unsigned hand = current_thread->hand;
        busy.work();
        since++;
        if (current_thread->hand >= hand) continue;
        ASSERT_GE(since, kPause / kMostLacks) << "round " << rounds;
        since = 0;
        rounds++;
    }
    EXPECT_GE(rounds, 5) << "this thread has budget enough: nothing is proved";
    busy.end();
}

// Arrays of many users' caches, none of which is large.
TEST(thread, room_goes_back_from_many_small_arrays) {
    size_t once = active_options.thread_cache;
    busy_thread busy(23);
    ASSERT_TRUE(busy.work_for(3 * once));
    std::vector<::kmem_cache*> caches;
    for (int i = 0; i < 160; i++) {
        std::string name = "small-" + std::to_string(i);
        caches.push_back(kmem_cache_create(name.c_str(), 256, 0, SLAB_NO_MERGE, nullptr));
        ASSERT_NE(caches.back(), nullptr);
        void* objects[8];
        for (void*& object : objects) object = kmem_cache_alloc(caches.back(), GFP_KERNEL);
        for (void* object : objects) kmem_cache_free(caches.back(), object);
    }
    ASSERT_GT(current_thread->reserved, once) << "nothing is proved";
    give_room_back(current_thread);
    EXPECT_EQ(current_thread->room, once);
    EXPECT_LE(own_arrays().reserved, once);
    EXPECT_EQ(own_arrays().reserved, current_thread->reserved);
    for (::kmem_cache* cache : caches) kmem_cache_destroy(cache);
    busy.end();
    EXPECT_STREQ(validate_heap(), nullptr);
}

// Each round ends with frees that might be the last; but there was another round each time.
TEST(thread, one_that_works_in_rounds_keeps_its_room) {
    constexpr size_t kObjects = 500;
    size_t once = active_options.thread_cache;
    current_thread->next_reap = ~uint64_t{0};  // however long it takes
    test::random random(17);
    std::vector<void*> objects;
    auto work = [&](size_t count) {
        for (size_t i = 0; i < count; i++) objects.push_back(kmalloc(size_t{16} << random.below(10), 0));
        for (void* object : objects) kfree(object);
        objects.clear();
    };
    int given_back = 0;
    for (int round = 0; round < 400; round++) {
        work(kObjects);
        if (current_thread->room == once) given_back = round;
    }
    EXPECT_GT(current_thread->room, once);
    EXPECT_LT(given_back, 200);
    EXPECT_GT(current_thread->rounds, 0);
    // More than it ever worked on: it gives memory up.
    work(40 * kObjects);
    EXPECT_EQ(current_thread->room, once);
    EXPECT_LE(own_arrays().reserved, once);
    current_thread->lacked = false;
    current_thread->next_reap = 1;  // long past
    thread_look_at_clock(current_thread);
    EXPECT_EQ(current_thread->rounds, 0) << "after a quiet time";
    EXPECT_STREQ(validate_heap(), nullptr);
}

// A flush of one large object has as many bytes as some hundred of small ones, and says less.
TEST(thread, one_that_frees_large_objects_in_between_keeps_its_room) {
    busy_thread busy(19);
    size_t once = active_options.thread_cache;
    current_thread->next_reap = ~uint64_t{0};
    ASSERT_TRUE(busy.work_for(3 * once));
    for (int i = 0; i < 200; i++) {
        void* large[3];
        for (void*& object : large) object = kmalloc(size_t{200} << 10, 0);
        for (void* object : large) kfree(object);
        ASSERT_GE(current_thread->room, 3 * once);
        busy.work();
    }
    busy.end();
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(thread, room_that_was_not_lacked_for_a_while_goes_back) {
    busy_thread busy(11);
    size_t once = active_options.thread_cache;
    ASSERT_TRUE(busy.work_for(3 * once));
    auto reap = [] {
        current_thread->next_reap = 1;  // long past
        thread_look_at_clock(current_thread);
    };
    current_thread->lacked = true;
    reap();
    EXPECT_GE(current_thread->room, 3 * once) << "it lacked some";
    reap();
    EXPECT_EQ(current_thread->room, once);
    EXPECT_LE(own_arrays().reserved, once);
    EXPECT_EQ(own_arrays().reserved, current_thread->reserved);
    busy.end();
    EXPECT_STREQ(validate_heap(), nullptr);
}

// As much as there is for all is not exceeded; what threads had that end is there for others.
TEST(thread, busy_threads_share_what_there_is_beyond_what_each_has) {
    size_t once = active_options.thread_cache;
    size_t most_each = kMostRoom * once;
    unsigned cpus = std::exchange(cache_settings.cpus, 1);
    size_t most_together = kLentForCpu;
    for (int round = 0; round < 2; round++) {
        std::vector<std::thread> threads;
        std::atomic<size_t> together{0};
        std::atomic<bool> anyone{false};
        unsigned count = static_cast<unsigned>(most_together / once);
        std::atomic<unsigned> working{count};
        for (unsigned t = 0; t < count; t++)
            threads.emplace_back([&, t] {
                busy_thread busy(t);
                busy.work_for(most_each);
                EXPECT_LE(current_thread->room, most_each);
                together += current_thread->room - once;
                if (current_thread->room > 2 * once) anyone = true;
                // Those that end give their room to others.
                for (working--; working > 0;) std::this_thread::yield();
                busy.end();
            });
        for (std::thread& thread : threads) thread.join();
        EXPECT_LE(together, most_together + count * once) << "each may have it once more";
        // Where all are equally fast each gets an equal share.
        EXPECT_TRUE(anyone || together >= most_together) << "round " << round << ": who comes late has it twice at most";
    }
    cache_settings.cpus = cpus;
    EXPECT_STREQ(validate_heap(), nullptr);
}

// It gives memory up all the time.
TEST(thread, one_that_only_frees_gets_no_more_room) {
    constexpr unsigned kRounds = 300 / kSanitizerFactor;
    std::vector<void*> objects(1000);
    test::random random(9);
    for (unsigned round = 0; round < kRounds; round++) {
        std::thread([&] {
            for (void*& object : objects) object = kmalloc(random.between(1, 8192), 0);
        }).join();
        for (void* object : objects) kfree(object);
        ASSERT_LE(current_thread->room, active_options.thread_cache);
    }
    EXPECT_LE(own_arrays().held, active_options.thread_cache);
}

CHILD_PROGRAM(no_budget) {
    void* objects[300];
    for (void*& object : objects) object = kmalloc(5000, 0);
    EXPECT_EQ(own_arrays().reserved, 0u);
    for (void* object : objects) kfree(object);
    EXPECT_EQ(own_arrays().held, 0u);
    EXPECT_STREQ(validate_heap(), nullptr);
}
TEST(thread, arrays_work_without_a_budget) {
    test::outcome end = test::rerun("no_budget", {"KSLAB_THREAD_CACHE=0"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(thread, destroyed_caches_give_their_budget_back) {
    kfree(kmalloc(100, 0));
    drain_this_thread();
    ASSERT_EQ(current_thread->reserved, 0u);
    for (int round = 0; round < 30; round++) {
        struct ::kmem_cache* cache = kmem_cache_create("passing", 1000, 0, 0, nullptr);
        void* objects[200];
        for (void*& object : objects) object = kmem_cache_alloc(cache, 0);
        for (void* object : objects) kmem_cache_free(cache, object);
        EXPECT_EQ(current_thread->reserved, own_arrays().reserved) << "round " << round;
        kmem_cache_destroy(cache);
        ASSERT_EQ(current_thread->reserved, own_arrays().reserved) << "round " << round;
    }
}

// Passive false sharing: threads that are handed objects of one cache line, and free them, go on with lines of their own.
TEST(thread, what_was_handed_over_is_not_what_a_thread_works_on_next) {
    constexpr size_t kLine = 64;
    auto line_of = [](const void* object) { return reinterpret_cast<uintptr_t>(object) / kLine; };
    for (size_t size : {8, 16, 32, 48}) {
        void* handed[2] = {kmalloc(size, 0), kmalloc(size, 0)};
        std::vector<void*> got[2];
        auto work = [&](unsigned t) {
            kfree(handed[t]);
            for (unsigned i = 0; i < 8; i++) {
                got[t].push_back(kmalloc(size, 0));
                kfree(got[t].back());
            }
        };
        // The second while the first is still there.
        std::thread([&] {
            work(0);
            std::thread(work, 1).join();
        }).join();
        for (void* first : got[0])
            for (unsigned t = 0; t < 2; t++) EXPECT_NE(line_of(first), line_of(handed[t])) << size;
        for (void* second : got[1])
            for (unsigned t = 0; t < 2; t++) EXPECT_NE(line_of(second), line_of(handed[t])) << size;
    }
}

// After thousands of threads in use is exactly what they left alive.
TEST(thread, nothing_is_lost_when_threads_end) {
    struct ::kmem_cache* cache = kmem_cache_create("threads", 72, 0, 0, nullptr);
    kfree(kmalloc(100, 0));
    size_t before = in_use();
    std::vector<void*> left;
    size_t left_bytes = 0;
    for (int round = 0; round < 2000 / static_cast<int>(kSanitizerFactor); round++) {
        void* mine = nullptr;
        std::thread([&] {
            test::random random(static_cast<uint64_t>(round) + 1);
            std::vector<void*> objects;
            for (int i = 0; i < 50; i++) objects.push_back(kmalloc(random.between(1, 5000), 0));
            for (int i = 0; i < 50; i++) objects.push_back(kmem_cache_alloc(cache, 0));
            for (void* object : objects) kfree(object);
            mine = kmalloc(random.between(1, 300), 0);
        }).join();
        left.push_back(mine);
        left_bytes += ksize(mine);
    }
    EXPECT_EQ(in_use() - before, left_bytes);
    EXPECT_STREQ(validate_heap(), nullptr);
    for (void* object : left) kfree(object);
    EXPECT_EQ(in_use(), before);
    kmem_cache_destroy(cache);
}

pthread_key_t key;
void free_and_allocate_late(void* object) {
    kfree(object);
    // More rounds than libc runs destructors.
    static __thread int round = 0;
    if (++round < 8) pthread_setspecific(key, kmalloc(100, 0));
}

TEST(thread, destructors_may_free_and_allocate_to_the_end) {
    pthread_key_create(&key, free_and_allocate_late);
    size_t before = in_use();
    for (int i = 0; i < 20; i++)
        std::thread([] { pthread_setspecific(key, kmalloc(100, 0)); }).join();
    EXPECT_STREQ(validate_heap(), nullptr);
    // What the last round sets nobody frees: at most one object a thread.
    EXPECT_LE(in_use(), before + 20 * 112 + 20 * 128);
    pthread_key_delete(key);
}

TEST(thread, a_forked_child_gets_what_the_arrays_of_others_held) {
    std::atomic<int> ready{0};
    std::atomic<bool> leave{false};
    std::vector<std::thread> threads;
    kfree(kmalloc(100, 0));
    size_t before = in_use();
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            std::vector<void*> objects;
            for (int i = 0; i < 100; i++) objects.push_back(kmalloc(200, 0));
            for (void* object : objects) kfree(object);
            ready++;
            while (!leave) std::this_thread::yield();
        });
    while (ready < 3) std::this_thread::yield();
    pid_t child = fork();
    if (child == 0) {
        if (validate_heap() != nullptr) _exit(1);
        void* object = kmalloc(200, 0);
        memset(object, 1, 200);
        kfree(object);
        auto structures = [] {
            unsigned count = 0;
            for_each_array([](kslab::kmem_cache* cache, const array_cache*, void* to) { *static_cast<unsigned*>(to) += cache == slots.cache[0]; },
                           &count);
            return count;
        };
        if (structures() != 4) _exit(4);
        trim_everything();
        if (structures() != 1) _exit(5);
        if (validate_heap() != nullptr) _exit(2);
        _exit(in_use() == before ? 0 : 3);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << WEXITSTATUS(status);
    leave = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_STREQ(validate_heap(), nullptr);
}

}  // namespace
