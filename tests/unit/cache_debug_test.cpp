// Debugging of single caches by their flags, without KSLAB_DEBUG: what is found, and that everything else stays as it was.
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "cache/kmem_cache.h"
#include "check/debug_table.h"
#include "debug/object/objects.h"
#include "debug/object/validate_heap.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "support/child.h"
#include "thread/thread.h"

namespace {

using user_cache = struct ::kmem_cache;
using kslab::kRedzoneActive;

kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

user_cache* create(const char* name, size_t size, unsigned long flags) {
    return kmem_cache_create(name, size, 0, flags, nullptr);
}

unsigned char* alloc(user_cache* cache) { return static_cast<unsigned char*>(kmem_cache_alloc(cache, GFP_KERNEL)); }

size_t count_of(const std::string& text, const std::string& what) {
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) count++;
    return count;
}

// A child for each defect: a second one at the same stack would only be counted.
std::string report_of(const char* child, long parameter) {
    std::string variable = "PARAMETER=" + std::to_string(parameter);
    test::outcome end = test::rerun(child, {variable});
    EXPECT_EQ(end.exit_code, 0) << end.report;
    return end.report;
}
long parameter() { return atol(getenv("PARAMETER")); }

// ---- Redzones

constexpr size_t kSize = 100;  // behind it more than 16 bytes are redzone

CHILD_PROGRAM(redzone) {
    user_cache* cache = create("zone", kSize, SLAB_RED_ZONE);
    unsigned char* object = alloc(cache);
    object[parameter()] ^= 0x11;
    kmem_cache_free(cache, object);
    kmem_cache_destroy(cache);
}

TEST(cache_debug, redzones_see_each_byte_of_16_on_both_sides) {
    for (long offset = 1; offset <= 16; offset++) {
        std::string under = report_of("redzone", -offset);
        EXPECT_EQ(count_of(under, "BUG zone"), 1u) << under;
        EXPECT_EQ(count_of(under, "): Left Redzone overwritten"), 1u) << -offset << under;
        EXPECT_EQ(count_of(under, "first byte 0xdd instead of 0xcc"), 1u) << under;
        std::string over = report_of("redzone", static_cast<long>(kSize) - 1 + offset);
        EXPECT_EQ(count_of(over, "BUG zone"), 1u) << over;
        EXPECT_EQ(count_of(over, "): Right Redzone overwritten"), 1u) << offset << over;
        EXPECT_EQ(count_of(over, "first byte 0xdd instead of 0xcc"), 1u) << over;
    }
    for (long inside : {0l, static_cast<long>(kSize) - 1}) EXPECT_EQ(report_of("redzone", inside), "");
}

// ---- Poison

CHILD_PROGRAM(poison) {
    user_cache* cache = create("poison", kSize, SLAB_POISON);
    unsigned char* object = alloc(cache);
    for (size_t i = 0; i < kSize; i++) EXPECT_EQ(object[i], 0x5a) << "uninitialised bytes look like that";
    kmem_cache_free(cache, object);
    for (size_t i = 0; i < kSize; i++) EXPECT_EQ(object[i], i == kSize - 1 ? 0xa5 : 0x6b);
    object[parameter()] ^= 0x80;
    for (unsigned i = 0; i < 1000; i++) alloc(cache);  // the object among them
}

TEST(cache_debug, poison_sees_each_byte_of_a_freed_object) {
    for (long i = 0; i < static_cast<long>(kSize); i++) {
        std::string report = report_of("poison", i);
        EXPECT_EQ(count_of(report, "BUG poison"), 1u) << report;
        EXPECT_EQ(count_of(report, "): Poison overwritten"), 1u) << report;
        const char* bytes = i == static_cast<long>(kSize) - 1 ? "first byte 0x25 instead of 0xa5" : "first byte 0xeb instead of 0x6b";
        EXPECT_EQ(count_of(report, bytes), 1u) << i << report;
    }
}

// ---- Who

CHILD_PROGRAM(users) {
    user_cache* cache = create("users", kSize, SLAB_POISON | SLAB_STORE_USER);
    unsigned char* object = alloc(cache);
    kmem_cache_free(cache, object);
    object[5] = 0;
    for (unsigned i = 0; i < 1000; i++) alloc(cache);
}

TEST(cache_debug, store_user_names_both_stacks) {
    std::string report = report_of("users", 0);
    EXPECT_EQ(count_of(report, "BUG users"), 1u);
    size_t allocated = report.find("allocated by thread");
    size_t freed = report.find("freed by thread");
    ASSERT_NE(allocated, std::string::npos) << report;
    ASSERT_NE(freed, std::string::npos) << report;
    EXPECT_NE(report.find("#0", allocated), std::string::npos) << report;
    EXPECT_NE(report.find("#0", freed), std::string::npos) << report;
    EXPECT_EQ(count_of(report_of("poison", 5), "#0"), 0u) << "without the flag no stack is kept";
}

CHILD_PROGRAM(wrong_frees) {
    user_cache* cache = create("frees", kSize, SLAB_RED_ZONE);
    user_cache* other = create("other", 200, 0);
    unsigned char* object = alloc(cache);
    if (parameter() == 0) kmem_cache_free(cache, object);
    kmem_cache_free(parameter() == 2 ? other : cache, parameter() == 1 ? object + 8 : object);
}

TEST(cache_debug, bad_frees_are_seen_at_once) {
    EXPECT_EQ(count_of(report_of("wrong_frees", 0), "): Object already free"), 1u);
    EXPECT_EQ(count_of(report_of("wrong_frees", 1), "): Free of interior pointer"), 1u);
    EXPECT_EQ(count_of(report_of("wrong_frees", 2), "): Wrong cache in kmem_cache_free"), 1u);
}

CHILD_PROGRAM(traced) {
    user_cache* cache = create("traced", kSize, SLAB_TRACE);
    user_cache* silent = create("silent", kSize, 0);
    for (int i = 0; i < 3; i++) kmem_cache_free(cache, alloc(cache));
    kmem_cache_free(silent, alloc(silent));
    kmem_cache_destroy(cache);
    kmem_cache_destroy(silent);
}

TEST(cache_debug, trace_has_a_line_for_every_operation_of_that_cache) {
    std::string report = report_of("traced", 0);
    EXPECT_EQ(count_of(report, "TRACE traced alloc"), 3u) << report;
    EXPECT_EQ(count_of(report, "TRACE traced free"), 3u) << report;
    EXPECT_EQ(count_of(report, "\n"), 6u) << report;
}

CHILD_PROGRAM(may_fail) {
    user_cache* cache = create("fails", kSize, SLAB_FAILSLAB);
    user_cache* other = create("lives", kSize, 0);
    int failed = 0;
    for (int i = 0; i < 100; i++) {
        failed += alloc(cache) == nullptr;
        EXPECT_NE(alloc(other), nullptr);
    }
    EXPECT_EQ(failed, 10);
}

TEST(cache_debug, failslab_marks_a_cache_for_injected_failures) {
    test::outcome end = test::rerun("may_fail", {"KSLAB_DEBUG=A,nobody", "KSLAB_FAIL=every:10"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

TEST(cache_debug, noleaktrace_marks_its_objects) {
    for (unsigned long flag : {0ul, SLAB_NOLEAKTRACE}) {
        user_cache* cache = create("leaks", kSize, SLAB_STORE_USER | flag);
        void* object = alloc(cache);
        kslab::place p;
        ASSERT_TRUE(kslab::find_place(object, p));
        EXPECT_EQ((p.record->marks & kslab::kMarkIgnored) != 0, flag != 0);
        kmem_cache_free(cache, object);
        kmem_cache_destroy(cache);
    }
}

// ---- Constructors

int constructed, destructed, verified, atomic_calls;
void reset_counts() { constructed = destructed = verified = atomic_calls = 0; }

void ctor(void* object, user_cache*, unsigned long flags) {
    if ((flags & SLAB_CTOR_VERIFY) != 0) {
        verified++;
        EXPECT_EQ(*static_cast<char*>(object), 'c') << "not in its constructed state";
        return;
    }
    EXPECT_NE(flags & SLAB_CTOR_CONSTRUCTOR, 0u);
    constructed++;
    atomic_calls += (flags & SLAB_CTOR_ATOMIC) != 0;
    memset(object, 'c', kSize);
}
void dtor(void* object, user_cache*, unsigned long) {
    destructed++;
    EXPECT_EQ(*static_cast<char*>(object), 'c') << "destructed after it was poisoned";
}
void ctor_3_18(void* object) {
    constructed++;
    memset(object, 'c', kSize);
}

void expect_constructed(const unsigned char* object) {
    for (size_t i = 0; i < kSize; i++) ASSERT_EQ(object[i], 'c') << i;
}

TEST(cache_debug, with_poison_objects_are_constructed_and_destructed_each_time) {
    user_cache* cache = kmem_cache_create_dtor("life", kSize, 0, SLAB_POISON | SLAB_RED_ZONE, ctor, dtor);
    reset_counts();
    for (int i = 1; i <= 200; i++) {
        unsigned char* object = alloc(cache);
        EXPECT_EQ(constructed, i);
        expect_constructed(object);
        kmem_cache_free(cache, object);
        EXPECT_EQ(destructed, i);
        EXPECT_EQ(object[0], 0x6b);
    }
    kmem_cache_destroy(cache);
    EXPECT_EQ(constructed, 200);
    EXPECT_EQ(destructed, 200);
}

TEST(cache_debug, redzones_alone_keep_the_constructed_state) {
    user_cache* cache = kmem_cache_create_dtor("kept", kSize, 0, SLAB_RED_ZONE, ctor, dtor);
    reset_counts();
    unsigned char* object = alloc(cache);
    int made = constructed;
    EXPECT_GT(made, 1) << "a slab at a time";
    for (int i = 0; i < 100; i++) {
        expect_constructed(object);
        kmem_cache_free(cache, object);
        object = alloc(cache);
    }
    kmem_cache_free(cache, object);
    EXPECT_EQ(constructed, made);
    EXPECT_EQ(destructed, 0);
    kmem_cache_destroy(cache);
    EXPECT_EQ(destructed, made);
}

TEST(cache_debug, objects_of_slabs_are_destructed_as_often_as_constructed) {
    user_cache* cache = kmem_cache_create_dtor("plain", kSize, 0, 0, ctor, dtor);
    reset_counts();
    for (int round = 0; round < 5; round++) {
        std::vector<void*> objects;
        for (int i = 0; i < 1000; i++) objects.push_back(alloc(cache));
        for (void* object : objects) kmem_cache_free(cache, object);
        EXPECT_EQ(kmem_cache_shrink(cache), 0);
        EXPECT_EQ(destructed, constructed);
        EXPECT_GE(constructed, 1000 * (round + 1));
    }
    kmem_cache_destroy(cache);
    EXPECT_EQ(destructed, constructed);
}

TEST(cache_debug, constructors_are_told_whether_they_may_wait) {
    for (gfp_t gfp : {GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO}) {
        user_cache* cache = kmem_cache_create_dtor("atomic", kSize, 0, SLAB_POISON, ctor, nullptr);
        user_cache* plain = kmem_cache_create_dtor("plain", kSize, 0, 0, ctor, nullptr);
        reset_counts();
        kmem_cache_free(cache, kmem_cache_alloc(cache, gfp));
        kmem_cache_free(plain, kmem_cache_alloc(plain, gfp));
        EXPECT_EQ(atomic_calls, (gfp & __GFP_WAIT) != 0 ? 0 : constructed);
        EXPECT_GT(constructed, 2);
        kmem_cache_destroy(cache);
        kmem_cache_destroy(plain);
    }
}

TEST(cache_debug, constructors_of_3_18) {
    for (unsigned long flags : {0ul, SLAB_POISON, SLAB_RED_ZONE, SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER}) {
        user_cache* cache = kmem_cache_create("new", kSize, 0, flags, ctor_3_18);
        for (int i = 0; i < 10; i++) {
            unsigned char* object = alloc(cache);
            expect_constructed(object);
            kmem_cache_free(cache, object);
        }
        kmem_cache_destroy(cache);
    }
}

TEST(cache_debug, initial_looks_at_every_object_that_is_freed) {
    for (unsigned long flags : {0ul, SLAB_POISON, SLAB_RED_ZONE, SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER}) {
        user_cache* cache = kmem_cache_create_dtor("verify", kSize, 0, SLAB_DEBUG_INITIAL | flags, ctor, dtor);
        reset_counts();
        void* objects[40];
        for (int round = 1; round <= 5; round++) {
            for (void*& object : objects) object = alloc(cache);
            for (int i = 0; i < 20; i++) kmem_cache_free(cache, objects[i]);
            kmem_cache_free_bulk(cache, 19, objects + 20);
            if ((flags & SLAB_STORE_USER) == 0)
                kfree(objects[39]);  // by that flag a mismatch is seen
            else
                kmem_cache_free(cache, objects[39]);
            EXPECT_EQ(verified, 40 * round) << flags;
        }
        kmem_cache_destroy(cache);
        EXPECT_EQ(destructed, constructed);
        EXPECT_EQ(verified, 200) << "frees, and nothing else";
    }
}

CHILD_PROGRAM(no_constructor) {
    user_cache* cache = parameter() == 0 ? kmem_cache_create("bare", kSize, 0, SLAB_DEBUG_INITIAL, nullptr)
                                         : kmem_cache_create("bare", kSize, 0, SLAB_DEBUG_INITIAL, ctor_3_18);
    for (int i = 0; i < 10; i++) kmem_cache_free(cache, alloc(cache));
    kmem_cache_destroy(cache);
}

TEST(cache_debug, initial_without_a_constructor_of_2_6_says_so) {
    for (long modern : {0, 1})
        EXPECT_EQ(report_of("no_constructor", modern),
                  "kslab: kmem_cache_create(bare): no constructor of Linux 2.6, but SLAB_DEBUG_INITIAL; the flag is dropped\n");
}

CHILD_PROGRAM(constructor_overruns) {
    user_cache* cache = kmem_cache_create("over", kSize - 1, 0, SLAB_POISON | SLAB_RED_ZONE, ctor_3_18);
    kmem_cache_free(cache, alloc(cache));
    kmem_cache_destroy(cache);
}

TEST(cache_debug, a_constructor_that_overruns_its_object_is_named) {
    std::string report = report_of("constructor_overruns", 0);
    EXPECT_EQ(count_of(report, "): Constructor overwrote its object's redzone"), 1u) << report;
}

// ---- Everything else stays as it was

CHILD_PROGRAM(clean) {
    user_cache* plain = create("plain", kSize, SLAB_NO_MERGE);
    unsigned char* early = alloc(plain);
    kmem_cache_free(plain, early);
    unsigned long flags[] = {SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER};
    for (unsigned long flag : flags) {
        user_cache* cache = create("checked", kSize, flag);
        std::vector<unsigned char*> objects;
        for (int i = 0; i < 500; i++) {
            objects.push_back(alloc(cache));
            memset(objects.back(), i, kSize);
        }
        for (unsigned char* object : objects) kmem_cache_free(cache, object);
        EXPECT_EQ(kmem_cache_shrink(cache), 0);
        kmem_cache_destroy(cache);
    }
    EXPECT_EQ(inside(plain)->debug, 0u);
    EXPECT_EQ(alloc(plain), early) << "the last object freed comes first: the array is in use";
    EXPECT_EQ(kslab::hot_array(inside(plain)->vector_offset)->limit, 16u);
    void* small = kmalloc(40, GFP_KERNEL);
    EXPECT_EQ(ksize(small), 48u) << "exact sizes are debugging's";
    kfree(small);
    EXPECT_EQ(kmalloc(40, GFP_KERNEL), small);
    EXPECT_TRUE(kslab::free_fast(small)) << "free's fast path is there";
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(cache_debug, a_clean_program_prints_nothing_and_other_caches_stay_fast) { EXPECT_EQ(report_of("clean", 0), ""); }

CHILD_PROGRAM(late) {
    kfree(kmalloc(10, 0));
    std::atomic<int> at_once{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; t++)
        threads.emplace_back([&, t] {
            at_once++;
            while (at_once < 6) sched_yield();
            std::string name = "late" + std::to_string(t);
            unsigned long flags[] = {SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER};
            user_cache* cache = create(name.c_str(), kSize, flags[t % 3]);
            for (int i = 0; i < 200; i++) kmem_cache_free(cache, alloc(cache));
            kmem_cache_destroy(cache);
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kslab::debug_flags & (kslab::kDebugRedzone | kslab::kDebugPoison | kslab::kDebugTrack),
              kslab::kDebugRedzone | kslab::kDebugPoison | kslab::kDebugTrack);
    // In the child of a fork, with another thread at it.
    std::atomic<bool> stop{false};
    std::thread busy([&] {
        user_cache* cache = create("busy", kSize, SLAB_RED_ZONE);
        while (!stop) kmem_cache_free(cache, alloc(cache));
        kmem_cache_destroy(cache);
    });
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            user_cache* cache = create("child", kSize, SLAB_RED_ZONE);
            for (int n = 0; n < 50; n++) kmem_cache_free(cache, alloc(cache));
            kmem_cache_destroy(cache);
            _exit(7);
        }
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
    }
    stop = true;
    busy.join();
}

TEST(cache_debug, debugging_can_begin_late_in_any_thread_and_again_in_a_fork) { EXPECT_EQ(report_of("late", 0), ""); }

}  // namespace
