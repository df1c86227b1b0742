// Type-stable memory under torture (kernel-slab: SLAB_DESTROY_BY_RCU). Readers take pointers from a table without a lock
// and look at the objects while writers free, allocate and give memory back as fast as they can: the tag of what a
// reader looks at is always that of the cache, and the key one that the cache's objects have. The same program without
// the flag must crash or find another tag: otherwise it would prove nothing.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/kslab.h"
#include "kslab/rcu.h"
#include "support/child.h"
#include "support/random.h"

namespace {

constexpr uint64_t kTag = 0x6b736c6162726375;
constexpr uint64_t kKeyMark = 0xcafe00000000;
constexpr size_t kSlots = 4096;

// Writers change the key of a live object, never its tag: that is the constructor's.
struct object {
    std::atomic<uint64_t> tag;
    std::atomic<uint64_t> key;
    char rest[240];
};

void construct(void* memory) {
    auto* o = static_cast<object*>(memory);
    o->tag.store(kTag, std::memory_order_relaxed);
    o->key.store(kKeyMark, std::memory_order_relaxed);
}

struct arena {
    kmem_cache* cache;
    object* table[kSlots] = {};
    std::atomic<bool> done{false};
    std::atomic<uint64_t> looks{0}, reused{0}, wrong{0};
};

bool of_this_type(const object* o) {
    return o->tag.load(std::memory_order_relaxed) == kTag &&
           (o->key.load(std::memory_order_relaxed) & ~uint64_t{kSlots - 1}) == kKeyMark;
}

void read(arena& a, uint64_t seed) {
    test::random random(seed);
    object* found[64];
    size_t slot_of[64];
    while (!a.done) {
        rcu_read_lock();
        size_t count = 0;
        for (int i = 0; i < 64; i++) {
            size_t slot = random.below(kSlots);
            object* o = rcu_dereference(a.table[slot]);
            if (o == nullptr) continue;
            slot_of[count] = slot;
            found[count++] = o;
        }
        // Held for a while, in which they are freed, reused, and their slabs given back.
        for (int round = 0; round < 20; round++)
            for (size_t i = 0; i < count; i++)
                if (!of_this_type(found[i])) a.wrong++;
        for (size_t i = 0; i < count; i++)
            if ((found[i]->key.load(std::memory_order_relaxed) & (kSlots - 1)) != slot_of[i]) a.reused++;
        rcu_read_unlock();
        a.looks += count;
    }
}

void fill_slot(arena& a, size_t slot, bool empty) {
    object* fresh = nullptr;
    if (!empty) {
        fresh = static_cast<object*>(kmem_cache_alloc(a.cache, GFP_KERNEL));
        if (fresh != nullptr) fresh->key.store(kKeyMark | slot, std::memory_order_relaxed);
    }
    object* old = __atomic_exchange_n(&a.table[slot], fresh, __ATOMIC_ACQ_REL);
    kmem_cache_free(a.cache, old);  // at once: that is the point
}

// In tides: half of the time objects are exchanged, then the table runs empty, slab after slab.
void write(arena& a, uint64_t seed) {
    test::random random(seed);
    while (!a.done) {
        for (size_t i = 0; i < kSlots / 2 && !a.done; i++) fill_slot(a, random.below(kSlots), false);
        for (size_t slot = 0; slot < kSlots && !a.done; slot++) fill_slot(a, slot, true);
    }
}

void give_back(arena& a) {
    while (!a.done) kslab_trim();
}

// Wants pages for something else.
void write_other_things(arena& a, uint64_t seed) {
    test::random random(seed);
    void* held[64] = {};
    while (!a.done) {
        void*& one = held[random.below(64)];
        kfree(one);
        size_t size = random.one_in(3) ? random.between(9000, 80000) : random.between(200, 4000);
        one = kmalloc(size, GFP_KERNEL);
        if (one != nullptr) std::memset(one, 0x5a, size);
    }
    for (void* one : held) kfree(one);
}

// True when every reader found what it should.
bool torture(unsigned long flags, unsigned milliseconds, bool stop_when_wrong) {
    auto a = std::make_unique<arena>();
    a->cache = kmem_cache_create("tortured", sizeof(object), 0, flags, construct);
    std::vector<std::thread> threads;
    for (uint64_t t = 1; t <= 2; t++) {
        threads.emplace_back([&a, t] { read(*a, t); });
        threads.emplace_back([&a, t] { write(*a, t + 10); });
    }
    threads.emplace_back([&a] { give_back(*a); });
    threads.emplace_back([&a] { write_other_things(*a, 20); });
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < end && !(stop_when_wrong && a->wrong != 0))
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    a->done = true;
    for (std::thread& thread : threads) thread.join();
    if (!stop_when_wrong) {
        size_t slabs = reinterpret_cast<kslab::kmem_cache*>(a->cache)->node.grown;
        printf("%lu looks, %lu at objects that were reused meanwhile, %zu slabs\n", a->looks.load(), a->reused.load(), slabs);
        EXPECT_GT(a->looks, 0u);
        // The table alone fills 17.
        EXPECT_GT(slabs, 20 + 20 / kSanitizerFactor) << "hardly a slab was given back";
    }
    bool right = a->wrong == 0;
    for (size_t slot = 0; slot < kSlots; slot++) fill_slot(*a, slot, true);
    kmem_cache_destroy(a->cache);
    return right;
}

unsigned duration() { return static_cast<unsigned>(test::number_from("TEST_MILLISECONDS", 2000)); }

TEST(torture_rcu, readers_find_the_type_they_look_for) {
    EXPECT_TRUE(torture(SLAB_DESTROY_BY_RCU, duration(), false));
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

CHILD_PROGRAM(without_the_flag) {
    rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    _exit(torture(0, 10 * duration(), true) ? 0 : 42);
}

// A wrong tag, or the fault of an object that is not mapped any more.
TEST(torture_rcu, the_same_without_the_flag_goes_wrong) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "a race on purpose";
#endif
    test::outcome end = test::rerun("without_the_flag", {"KSLAB_DECAY_MS=0"});
    EXPECT_TRUE(end.exit_code == 42 || end.signal == SIGSEGV) << "status " << end.exit_code << ", signal " << end.signal;
}

}  // namespace
