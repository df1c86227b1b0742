// Caches of the program's own under many threads: shared ones, and ones that come and go while somebody trims.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "heap.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "worker.h"

namespace {

using model::playground;
using model::worker;

size_t steps() { return test::number_from("TEST_STEPS", 400000 / kSanitizerFactor); }
uint64_t seed() { return test::number_from("TEST_SEED", 1); }

TEST(torture_caches, shared_by_threads) {
    playground shared;
    for (size_t size : {8, 24, 100, 257, 1000, 5000, 40000})
        shared.caches.push_back(kmem_cache_create(("torture-" + std::to_string(size)).c_str(), size, 0,
                                                  size % 3 == 0 ? SLAB_HWCACHE_ALIGN : 0, nullptr));
    std::vector<std::thread> threads;
    for (uint64_t t = 1; t <= 5; t++)
        threads.emplace_back([&, t] {
            worker w(shared, t, seed());
            w.run(steps());
            w.release_all();
        });
    for (std::thread& thread : threads) thread.join();
    worker(shared, 6, 1).release_handed();
    EXPECT_STREQ(heap::validate(), nullptr);
    kslab_last_report[0] = '\0';
    for (kmem_cache* cache : shared.caches) kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_TRUE(heap::nothing_in_use());
    EXPECT_STREQ(heap::validate(), nullptr);
}

void create_use_and_destroy(uint64_t t, size_t rounds) {
    test::random random(t);
    std::string name = "passing-" + std::to_string(t);
    for (size_t round = 0; round < rounds; round++) {
        kmem_cache* cache = kmem_cache_create(name.c_str(), random.between(8, 6000), 0, 0, nullptr);
        ASSERT_NE(cache, nullptr);
        std::vector<model::held> objects;
        size_t count = random.between(1, 400);
        for (size_t i = 0; i < count; i++) objects.push_back(worker::allocate_from(cache, 0, t << 40 | i | 1));
        for (size_t i = 0; i < count; i++) {
            std::swap(objects[i], objects[random.between(i, count - 1)]);
            objects[i].check();
            worker::release_to(cache, objects[i]);
        }
        kmem_cache_destroy(cache);
    }
}

// A report would be "objects are still in use": nothing else reports here.
TEST(torture_caches, come_and_go_while_memory_is_given_back) {
    std::atomic<bool> done{false};
    kslab_last_report[0] = '\0';
    std::thread trimmer([&] {
        while (!done) heap::trim();
    });
    std::vector<std::thread> threads;
    for (uint64_t t = 1; t <= 3; t++) threads.emplace_back(create_use_and_destroy, t + seed(), 1500 / kSanitizerFactor);
    for (std::thread& thread : threads) thread.join();
    done = true;
    trimmer.join();
    EXPECT_STREQ(kslab_last_report, "");
    EXPECT_STREQ(heap::validate(), nullptr);
    EXPECT_TRUE(heap::nothing_in_use());
}

}  // namespace
