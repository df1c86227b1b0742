// The life of objects under KSLAB_DEBUG=FZPQ, which the ctest sets: damage is found wherever it is, and nothing else
// is reported.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "debug/report/finding.h"
#include "debug/object/objects.h"
#include "debug/object/quarantine.h"
#include "debug/object/validate_heap.h"
#include "debug/object/validate_objects.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"

namespace kslab {
namespace {

class debugged_objects : public ::testing::Test {
protected:
    void SetUp() override {
        boot();
        ASSERT_NE(debug_flags & kDebugRedzone, 0u) << "run with KSLAB_DEBUG=FZPQ";
    }
    static char* allocate(size_t size) { return static_cast<char*>(kmalloc(size, 0)); }
    // How many findings `action` makes.
    template <typename F>
    static size_t findings(F action) {
        size_t before = findings_so_far();
        action();
        return findings_so_far() - before;
    }
};

constexpr size_t kSizes[] = {1, 7, 8, 9, 16, 24, 40, 64, 96, 100, 192, 1000, 4096, 8192, 8193, 100000, 1 << 20};

TEST_F(debugged_objects, one_byte_past_the_end_is_found_at_free) {
    for (size_t size : kSizes) {
        char* p = allocate(size);
        p[size] ^= 1;
        EXPECT_EQ(findings([p] { kfree(p); }), 1u) << size;
    }
}

TEST_F(debugged_objects, one_byte_before_the_start_is_found_at_free) {
    for (size_t size : kSizes) {
        char* p = allocate(size);
        p[-1] ^= 1;
        EXPECT_EQ(findings([p] { kfree(p); }), 1u) << size;
    }
}

TEST_F(debugged_objects, validation_finds_damage_of_live_objects_once) {
    for (size_t size : kSizes) {
        char* p = allocate(size);
        p[size + 3] ^= 1;
        EXPECT_EQ(validate_objects("test"), 1u) << size;
        EXPECT_EQ(validate_objects("test"), 0u) << size;
        EXPECT_EQ(findings([p] { kfree(p); }), 0u) << size;
    }
}

TEST_F(debugged_objects, a_write_to_a_freed_object_is_found_by_validation_and_on_leaving) {
    for (size_t size : kSizes) {
        char* p = allocate(size);
        kfree(p);
        p[size / 2] = 'x';
        EXPECT_EQ(validate_objects("test"), 1u) << size;
        p[size - 1] = 'x';
        EXPECT_EQ(findings([] { quarantine_drain(); }), 1u) << size;
    }
}

TEST_F(debugged_objects, a_write_after_the_quarantine_is_found_at_reuse) {
    char* p = allocate(40);
    kfree(p);
    quarantine_drain();
    p[5] = 'x';
    EXPECT_EQ(findings([] {
                  for (int i = 0; i < 2000; i++) allocate(40);
              }),
              1u);
}

TEST_F(debugged_objects, bad_frees_are_reported_and_change_nothing) {
    char* p = allocate(100);
    std::memset(p, 7, 100);
    static char fixed[64];
    char local[64];
    EXPECT_EQ(findings([p] { kfree(p + 16); }), 1u);
    EXPECT_EQ(findings([] { kfree(fixed); }), 1u);
    EXPECT_EQ(findings([&local] { kfree(local); }), 1u);
    for (int i = 0; i < 100; i++) EXPECT_EQ(p[i], 7);
    EXPECT_EQ(findings([p] { kfree(p); }), 0u);
    EXPECT_EQ(findings([p] { kfree(p); }), 1u);
    EXPECT_EQ(findings([p] { EXPECT_EQ(krealloc(p, 200, 0), nullptr); }), 1u);
    EXPECT_EQ(validate_heap(), nullptr);
}

TEST_F(debugged_objects, freed_memory_waits_first_in_first_out_within_the_bound) {
    active_options.quarantine = 1 << 20;
    char* first = allocate(1000);
    kfree(first);
    size_t waiting = 0;
    while (first[0] == 0x6b && waiting < 100000) {
        kfree(allocate(1000));
        EXPECT_LE(quarantine_read_stats().bytes, active_options.quarantine);
        waiting++;
        quarantine_stats now = quarantine_read_stats();
        if (now.bytes + 2000 > active_options.quarantine) break;
    }
    EXPECT_GT(waiting, 500u) << "it left early";
    for (unsigned i = 0; i < 4 * waiting && first[0] == 0x6b; i++) kfree(allocate(1000));
    EXPECT_EQ(findings([] { validate_objects("test"); }), 0u);
}

TEST_F(debugged_objects, aligned_objects_have_their_redzones) {
    for (size_t align = 16; align <= (size_t{1} << 22); align *= 2)
        for (size_t size : {1ul, 40ul, 5000ul, 70000ul}) {
            char* p = static_cast<char*>(kmalloc_slow({.kind = call_kind::memalign, .size = size, .align = align}));
            ASSERT_NE(p, nullptr);
            EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % align, 0u);
            std::memset(p, 1, size);
            EXPECT_EQ(validate_objects("test"), 0u);
            p[-1] = 1;
            EXPECT_EQ(validate_objects("test"), 1u) << align << ' ' << size;
            p[size] = 1;
            EXPECT_EQ(findings([p] { kfree(p); }), 1u) << align << ' ' << size;
        }
}

TEST_F(debugged_objects, users_caches_with_constructors) {
    auto* cache = kmem_cache_create("things", 40, 64, 0, [](void* p) { std::memset(p, 3, 40); });
    std::vector<char*> all;
    for (int i = 0; i < 500; i++) {
        char* p = static_cast<char*>(kmem_cache_alloc(cache, 0));
        EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % 64, 0u);
        for (int b = 0; b < 40; b++) EXPECT_EQ(p[b], 3);
        all.push_back(p);
    }
    all[7][40] = 1;
    EXPECT_EQ(findings([&] { kmem_cache_free(cache, all[7]); }), 1u);
    auto* other = kmem_cache_create("others", 40, 0, 0, nullptr);
    EXPECT_EQ(findings([&] { kmem_cache_free(other, all[8]); }), 1u);
    for (int i = 9; i < 500; i++) kmem_cache_free(cache, all[i]);
    for (int i = 0; i < 7; i++) kmem_cache_free(cache, all[i]);
    kmem_cache_destroy(cache);
    kmem_cache_destroy(other);
    EXPECT_EQ(validate_heap(), nullptr);
}

TEST_F(debugged_objects, threads_that_pass_objects_on_while_another_validates) {
    active_options.quarantine = 64 << 10;
    constexpr int kThreads = 3;
    std::atomic<bool> stop{false};
    std::atomic<char*> slot[16] = {};
    std::vector<std::thread> threads;
    size_t before = findings_so_far();
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([&, t] {
            std::mt19937 random(static_cast<unsigned>(t));
            for (int i = 0; i < 20000; i++) {
                size_t size = random() % 100 == 0 ? 9000 + random() % 50000 : 1 + random() % 300;
                char* p = allocate(size);
                std::memset(p, t, size);
                kfree(slot[random() % 16].exchange(p));
            }
        });
    std::thread validator([&] {
        while (!stop) EXPECT_EQ(validate_objects("test"), 0u);
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    validator.join();
    for (auto& last : slot) kfree(last);
    EXPECT_EQ(findings_so_far(), before);
    EXPECT_EQ(validate_heap(), nullptr);
}

// Random operations; now and then one byte outside a live object, or of a freed one, is changed, and exactly that is
// found by the validation that follows.
TEST_F(debugged_objects, random_with_damage) {
    const char* seed = std::getenv("TEST_SEED");
    std::mt19937 random(seed == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed)));
    auto below = [&random](size_t n) { return static_cast<size_t>(random() % n); };
    active_options.quarantine = 256 << 10;
    std::map<char*, std::pair<size_t, unsigned char>> live;
    for (int step = 0; step < 20000; step++) {
        size_t size = below(20) == 0 ? below(60000) : below(below(600) + 1) + 1;
        if (live.size() < 300 && below(2) == 0) {
            char* p = allocate(size == 0 ? 1 : size);
            unsigned char value = static_cast<unsigned char>(random());
            std::memset(p, value, size);
            live[p] = {size, value};
        } else if (!live.empty()) {
            auto at = live.lower_bound(std::next(live.begin(), static_cast<long>(below(live.size())))->first);
            auto [p, what] = *at;
            for (size_t i = 0; i < what.first; i++) ASSERT_EQ(static_cast<unsigned char>(p[i]), what.second);
            if (below(50) == 0) {
                p[below(2) == 0 ? -1 - static_cast<long>(below(16)) : static_cast<long>(what.first + below(16))] ^= 1;
                ASSERT_EQ(validate_objects("test"), 1u) << step;
            }
            kfree(p);
            if (below(50) == 0 && what.first > 0) {
                p[below(what.first)] ^= 1;
                ASSERT_EQ(validate_objects("test"), 1u) << step;
            }
            live.erase(at);
        }
        if (step % 500 == 0) {
            ASSERT_EQ(validate_heap(), nullptr);
            ASSERT_EQ(validate_objects("test"), 0u) << step;
        }
    }
}

}  // namespace
}  // namespace kslab
