// What release mode promises about bad frees: one line that names the misuse, then abort.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "support/child.h"

namespace {

using user_cache = struct ::kmem_cache;

void expect_report(const std::function<void()>& body, const std::string& text) {
    test::outcome end = test::in_fork(body);
    EXPECT_EQ(end.signal, SIGABRT) << text;
    EXPECT_NE(end.report.find(text), std::string::npos) << "instead of " << text << ": " << end.report;
}

TEST(bad_free, twice_in_a_row_at_once) {
    for (size_t size : {8, 16, 100, 8192, 20000, 131072, 1000000})
        expect_report([size] {
            void* p = kmalloc(size, 0);
            kfree(p);
            kfree(p);
            _exit(3);
        }, "kslab: double free: 0x");
}

// The first object that a thread frees lies below others in its array (thread/arrays.cpp), or is among those.
TEST(bad_free, twice_by_a_thread_that_allocated_nothing) {
    for (size_t size : {8, 16, 32, 48, 100, 1000})
        for (bool drained : {false, true})
            expect_report([=] {
                void* handed = kmalloc(size, 0);
                void* others[40];
                for (void*& other : others) other = kmalloc(size, 0);
                for (unsigned i = 20; i < 40; i++) kfree(others[i]);
                std::thread([=] {
                    kfree(handed);
                    if (drained) kslab::drain_this_thread();
                    kfree(handed);
                    if (!drained) _exit(0);  // at once, or never
                    kslab::drain_this_thread();
                }).join();
            }, "kslab: ");
}

TEST(bad_free, twice_with_others_between_when_it_reaches_the_slab) {
    for (size_t size : {16, 100, 1000, 8192, 20000, 131072})
        // A slab of whole pages is gone by then, unless there are threads, as under a sanitizer.
        expect_report([size] {
            std::vector<void*> objects;
            for (int i = 0; i < 10; i++) objects.push_back(kmalloc(size, 0));
            for (void* p : objects) kfree(p);
            kfree(objects[3]);
            kslab::prove_frees();
            _exit(3);
        }, size <= 8192 ? "kslab: double free: 0x" : "free");
}

// Objects that come back side by side are proved as well as others.
TEST(bad_free, twice_among_objects_in_order) {
    for (bool down : {false, true})
        expect_report([down] {
            void* all[64];
            for (void*& each : all) each = kmalloc(64, 0);
            kfree(all[40]);
            kslab::prove_frees();
            for (unsigned i = 0; i < 64; i++) kfree(all[down ? 63 - i : i]);
            kslab::prove_frees();
        }, "kslab: double free: 0x");
}

// What a thread freed has reached its slab when it ends, few or many.
TEST(bad_free, by_a_thread_that_ends) {
    for (unsigned others : {1u, 6u, 7u, 8u, 40u})
        for (size_t size : {16, 100, 20000}) {
            if (size > 8192 && others > 6) continue;  // a slab of one object is gone by then
            expect_report([=] {
                std::thread([=] {
                    std::vector<void*> objects(others + 1);
                    for (void*& object : objects) object = kmalloc(size, 0);
                    for (void* object : objects) kfree(object);
                    kfree(objects[0]);
                }).join();
                _exit(3);
            }, "kslab: double free: 0x");
        }
    expect_report([] {
        std::thread([] { kfree(static_cast<char*>(kmalloc(100, 0)) + 16); }).join();
        _exit(3);
    }, "kslab: free of a pointer that is not the start of an object: 0x");
}

// Nothing of it waits where another thread finds it before the second free is proved.
TEST(bad_free, by_two_threads_that_end) {
    for (bool main_frees : {false, true})
        expect_report([=] {
            std::vector<void*> objects(3000);
            for (void*& object : objects) object = kmalloc(100, 0);
            std::thread([&] { kfree(objects[2500]); }).join();
            auto rest = [&] {
                for (size_t i = 1; i < objects.size(); i += 2) kfree(objects[i]);
                kfree(objects[2500]);
                for (size_t i = 0; i < 2000; i += 2) kfree(objects[i]);
            };
            if (main_frees)
                rest();
            else
                std::thread(rest).join();
            _exit(3);
        }, "kslab: double free: 0x");
}

TEST(bad_free, inside_an_object) {
    expect_report([] {
        kfree(static_cast<char*>(kmalloc(100, 0)) + 16);
        kslab::prove_frees();
    }, "kslab: free of a pointer that is not the start of an object: 0x");
    test::outcome end = test::in_fork([] {
        kfree(static_cast<char*>(kmalloc(100, 0)) + 16);
        kslab::prove_frees();
    });
    EXPECT_NE(end.report.find(" (KSLAB_DEBUG=1 shows the stacks)\n"), std::string::npos) << end.report;
    EXPECT_NE(end.report.find(" of kmalloc-112, objects of 112 bytes, 16 bytes into the object at 0x"),
              std::string::npos) << end.report;
}

TEST(bad_free, inside_a_large_allocation) {
    for (size_t inside : {1, 64, 4096, 200000, 399999})
        expect_report([inside] { kfree(static_cast<char*>(kmalloc(400000, 0)) + inside); },
                      "kslab: free of a pointer into the middle of a large allocation: 0x");
}

TEST(bad_free, of_what_is_not_ours) {
    static int variable;
    for (void* p : {static_cast<void*>(&variable), reinterpret_cast<void*>(uintptr_t{0x10000}),
                    reinterpret_cast<void*>(~uintptr_t{0} - 15)})
        expect_report([p] { kfree(p); }, "kslab: free of a pointer that was not allocated: 0x");
}

TEST(bad_free, of_what_aliases_a_live_object_beyond_47_bits) {
    expect_report([] {
        uintptr_t p = reinterpret_cast<uintptr_t>(kmalloc(100, 0));
        kfree(reinterpret_cast<void*>(p ^ uintptr_t{1} << 60));
        kslab::prove_frees();
    }, "kslab: free of a pointer that was not allocated: 0x");
}

TEST(bad_free, to_another_cache) {
    expect_report([] {
        user_cache* right = kmem_cache_create("right", 64, 0, 0, nullptr);
        user_cache* wrong = kmem_cache_create("wrong", 128, 0, 0, nullptr);
        kmem_cache_free(wrong, kmem_cache_alloc(right, 0));
        kmem_cache_destroy(wrong);
    }, "kslab: kmem_cache_free of an object of another cache: 0x");
}

// What a cache is given is looked at when it reaches the slabs: also an address in the first page.
TEST(bad_free, of_what_no_cache_has) {
    for (uintptr_t address : {uintptr_t{16}, uintptr_t{0x10000}, ~uintptr_t{0} - 15})
        expect_report([address] {
            user_cache* cache = kmem_cache_create("given", 64, 0, 0, nullptr);
            kmem_cache_free(cache, reinterpret_cast<void*>(address));
            kslab::drain_this_thread();
        }, "kslab: free of a pointer that was not allocated: 0x");
}

TEST(bad_free, ksize_and_krealloc_check_their_pointer) {
    for (auto use : {+[](void* p) { ksize(p); }, +[](void* p) { static_cast<void>(krealloc(p, 50, 0)); }}) {
        expect_report([use] { use(static_cast<char*>(kmalloc(100, 0)) + 8); }, "not the start of an object");
        expect_report([use] { use(static_cast<char*>(kmalloc(400000, 0)) + 8); }, "middle of a large allocation");
        expect_report([use] { int local; use(&local); }, "was not allocated");
        expect_report([use] {
            void* p = kmalloc(400000, 0);
            kfree(p);
            use(p);
        }, "double free");
    }
}

}  // namespace
