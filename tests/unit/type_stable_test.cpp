// Caches with SLAB_DESTROY_BY_RCU: slabs that wait for readers, what does not happen to their memory, destruction.
#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cache/deferred.h"
#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/stats.h"
#include "kslab/kmem_cache.h"
#include "kslab/kslab.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/rcu_readers.h"
#include "thread/rcu.h"

namespace {

using test::give_chances;
using test::reader;
using test::until;
using user_cache = struct ::kmem_cache;

kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

constexpr uint64_t kTag = 0x7461676765640001;
struct object {
    uint64_t tag;
    uint64_t rest[31];
};
int constructed = 0;
void construct(void* memory) {
    static_cast<object*>(memory)->tag = kTag;
    constructed++;
}

user_cache* create(unsigned long flags = SLAB_DESTROY_BY_RCU) {
    return kmem_cache_create("stable", sizeof(object), 0, flags, construct);
}

std::vector<object*> allocate(user_cache* cache, size_t count) {
    std::vector<object*> objects;
    for (size_t i = 0; i < count; i++) objects.push_back(static_cast<object*>(kmem_cache_alloc(cache, GFP_KERNEL)));
    return objects;
}

void release(user_cache* cache, const std::vector<object*>& objects) {
    for (object* o : objects) kmem_cache_free(cache, o);
}

size_t large_pages() {
    auto stats = std::make_unique<kslab::heap_stats>();
    kslab::heap_stats_read(*stats);
    return stats->large_pages;
}

TEST(type_stable, slabs_wait_for_the_reader) {
    user_cache* cache = create();
    reader r;
    r.lock();
    std::vector<object*> objects = allocate(cache, 1000);
    size_t before = large_pages();
    release(cache, objects);
    kslab_trim();
    EXPECT_EQ(inside(cache)->node.num_slabs, 0u);
    EXPECT_GT(kslab::deferred_slabs, 0u);
    EXPECT_EQ(kslab::deferred_slabs, kslab::deferred_slabs_of(inside(cache)));
    EXPECT_EQ(large_pages(), before) << "what waits is no large allocation";
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    for (int i = 0; i < 5; i++) kslab_trim();
    for (object* o : objects) {
        ASSERT_EQ(o->tag, kTag);
        ASSERT_EQ(kslab_owns(o), 1);
    }
    r.unlock();
    kslab_trim();
    EXPECT_EQ(kslab::deferred_slabs, 0u);
    EXPECT_EQ(kslab::deferred_pages, 0u);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    kmem_cache_destroy(cache);
}

// Objects are free while their neighbours are not: the pages keep their content.
TEST(type_stable, free_pages_inside_slabs_are_not_given_back) {
    user_cache* cache = kmem_cache_create("stable", 4096, 0, SLAB_DESTROY_BY_RCU, nullptr);
    std::vector<object*> objects = allocate(cache, 64);
    for (object* o : objects) o->tag = kTag;
    rcu_read_lock();
    for (size_t i = 0; i < objects.size(); i++)
        if (i % 8 != 0) kmem_cache_free(cache, objects[i]);
    kslab_trim();
    for (object* o : objects) EXPECT_EQ(o->tag, kTag);
    rcu_read_unlock();
    for (size_t i = 0; i < objects.size(); i += 8) kmem_cache_free(cache, objects[i]);
    kmem_cache_destroy(cache);
}

TEST(type_stable, destroy_waits_for_the_reader) {
    for (size_t count : {0, 1000}) {
        user_cache* cache = create();
        std::vector<object*> objects = allocate(cache, count);
        reader r;
        r.lock();
        release(cache, objects);
        std::atomic<bool> done{false};
        uint64_t before = kslab::rcu_epoch;
        std::thread destroyer([&] {
            kmem_cache_destroy(cache);
            done = true;
        });
        until([&] { return kslab::rcu_epoch != before; });
        give_chances();
        EXPECT_FALSE(done);
        for (object* o : objects) ASSERT_EQ(o->tag, kTag);
        r.unlock();
        destroyer.join();
        EXPECT_EQ(kslab::deferred_slabs, 0u);
    }
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(type_stable, destroy_with_objects_in_use_waits_for_nobody) {
    user_cache* cache = create();
    void* o = kmem_cache_alloc(cache, GFP_KERNEL);
    reader r;
    r.lock();
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report,
                 "kslab: kmem_cache_destroy stable: 1 objects are still in use; the cache stays\n");
    r.unlock();
    kmem_cache_free(cache, o);
    kmem_cache_destroy(cache);
}

TEST(type_stable, destroy_in_a_section_aborts) {
    user_cache* cache = create();
    test::outcome end = test::in_fork([cache] {
        rcu_read_lock();
        kmem_cache_destroy(cache);
    });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(end.report,
              "kslab: kmem_cache_destroy of type-stable memory in a read section would wait for itself for ever\n");
    kmem_cache_destroy(cache);
}

// Nobody asks for it: the threads that free look now and then, and at once when much waits.
TEST(type_stable, what_waits_is_bounded) {
    user_cache* cache = create();
    size_t most = 0;
    for (int round = 0; round < 8; round++) {
        release(cache, allocate(cache, 64 << 10));  // 16 MiB
        if (kslab::deferred_pages > most) most = kslab::deferred_pages;
    }
    EXPECT_GT(inside(cache)->node.grown, 300u);
    EXPECT_LE(most, 1500u);
    kmem_cache_destroy(cache);
}

TEST(type_stable, poison_is_refused) {
    errno = 0;
    EXPECT_EQ(create(SLAB_DESTROY_BY_RCU | 0x800), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_STREQ(kslab_last_report, "kslab: kmem_cache_create(stable, 256) failed: SLAB_POISON would overwrite what readers "
                                    "of type-stable memory look at\n");
}

TEST(type_stable, child_of_a_fork_waits_for_its_own_readers_only) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "the child calls more than sanitizers allow";
#endif
    user_cache* cache = create();
    reader r;
    r.lock();
    release(cache, allocate(cache, 1000));
    kslab_trim();
    size_t waiting = kslab::deferred_slabs;
    ASSERT_GT(waiting, 0u);
    pid_t child = fork();
    if (child == 0) {
        if (kslab::deferred_slabs != waiting || kslab::validate_heap() != nullptr) _exit(1);
        kmem_cache_destroy(cache);
        _exit(kslab::deferred_slabs == 0 && kslab::validate_heap() == nullptr ? 0 : 2);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(kslab::deferred_slabs, waiting);
    r.unlock();
    kmem_cache_destroy(cache);
}

CHILD_PROGRAM(under_debugging) {
    user_cache* cache = create();
    uint32_t flags = inside(cache)->debug;
    EXPECT_EQ(flags & (kslab::kDebugPoison | kslab::kDebugGuard | kslab::kDebugQuarantine), 0u);
    EXPECT_NE(flags & kslab::kDebugChecks, 0u);
    auto* o = static_cast<object*>(kmem_cache_alloc(cache, GFP_KERNEL));
    int once = constructed;
    EXPECT_GT(once, 1) << "the whole slab";
    EXPECT_EQ(o->tag, kTag);
    o->rest[0] = 4711;
    kmem_cache_free(cache, o);
    EXPECT_EQ(o->tag, kTag);
    EXPECT_EQ(o->rest[0], 4711u);
    auto* again = static_cast<object*>(kmem_cache_alloc(cache, GFP_KERNEL));
    EXPECT_EQ(again, o);
    EXPECT_EQ(o->rest[0], 4711u);
    EXPECT_EQ(constructed, once);
    kmem_cache_free(cache, o);
    reader r;
    r.lock();
    kslab_trim();
    EXPECT_EQ(kslab::deferred_slabs, 1u);
    EXPECT_EQ(o->tag, kTag);
    EXPECT_EQ(kslab_validate(), 0);
    r.unlock();
    kmem_cache_destroy(cache);
    EXPECT_EQ(kslab::deferred_slabs, 0u);
}

TEST(type_stable, freed_objects_keep_their_content_under_debugging) {
    for (const char* letters : {"KSLAB_DEBUG=FZPU", "KSLAB_DEBUG=full"}) {
#ifdef KSLAB_TEST_SANITIZED
        if (std::string(letters) == "KSLAB_DEBUG=full") continue;  // sanitizers do not follow the search for leaks
#endif
        test::outcome end = test::rerun("under_debugging", {letters});
        EXPECT_EQ(end.exit_code, 0) << end.report;
    }
}

}  // namespace
