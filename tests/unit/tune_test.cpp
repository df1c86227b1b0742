// Tuning by text, as by a write to /proc/slabinfo: what is refused and how, and that it takes effect under load.
#include <errno.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "api/tune_line.h"
#include "cache/node.h"
#include "cache/report.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/slabinfo.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "thread/tune.h"

namespace {

using user_cache = struct ::kmem_cache;
kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

long tune(const std::string& line) { return kslab_slabinfo_write(line.data(), line.size()); }

std::string tunables_of(const kslab::kmem_cache* cache) {
    kslab::cache_report r;
    kslab::cache_report_read(const_cast<kslab::kmem_cache*>(cache), r);
    return std::to_string(r.limit) + " " + std::to_string(r.batchcount) + " " + std::to_string(r.shared);
}

TEST(tune, refuses_with_errno_and_a_line_and_changes_nothing) {
    kfree(kmalloc(64, 0));
    user_cache* cache = kmem_cache_create("tuned", 64, 0, 0, nullptr);
    std::string form = "expected name limit batchcount shared, the last three numbers";
    struct {
        std::string line, why;
    } rows[] = {
        {"", form},
        {"\n", form},
        {" ", form},
        {"tuned", form},
        {"tuned\n", form},
        {"tuned 60", form},
        {"tuned 60 30", form},
        {"tuned 60 30 x", form},
        {"tuned 60 30 8x", form},
        {"tuned 60 - 8", form},
        {"tuned 60 30 0x8", form},
        {"tuned,60,30,8", form},
        {"60 30 8", form},
        {"tuned 60 30 8 9", "something follows the three numbers"},
        {"tuned 60 30 8\nshm 1 1 1\n", "something follows the three numbers"},
        {"tuned 0 1 1", "the limit is less than 1"},
        {"tuned -1 1 1", "the limit is less than 1"},
        {"tuned -99999999999999999999 1 1", "the limit is less than 1"},
        {"tuned 60 0 8", "the batchcount is less than 1"},
        {"tuned 60 -30 8", "the batchcount is less than 1"},
        {"tuned 60 61 8", "the batchcount is more than the limit"},
        {"tuned 60 30 -1", "shared is less than 0"},
        {"tuned 8193 30 8", "tuned has arrays of at most 8192 objects"},
        {"tuned 99999999999999999999 30 8", "tuned has arrays of at most 8192 objects"},
        {"tuned 8192 8192 8", "tuned has a shared array of at most 65535 objects: batchcount times shared"},
        {"tuned 60 30 2185", "tuned has a shared array of at most 65535 objects: batchcount times shared"},
        {"tuned 60 30 99999999999", "tuned has a shared array of at most 65535 objects: batchcount times shared"},
        {"kmalloc-64 209 60 8", "kmalloc-64 has arrays of at most 208 objects"},
        {"kmalloc-512 109 1 8", "kmalloc-512 has arrays of at most 108 objects"},
        {"kmalloc-48 209 60 8", "kmalloc-48 has arrays of at most 208 objects"},
        {"kmalloc-65 60 30 8", "there is no cache kmalloc-65; did you mean kmalloc-64?"},
        {"tune 60 30 8", "there is no cache tune; did you mean tuned?"},
        {"tunedd 60 30 8", "there is no cache tunedd; did you mean tuned?"},
        {"kmalloc-large 60 30 8", "kmalloc-large has no arrays"},
        {"zzzzzzz 60 30 8", "there is no cache zzzzzzz"},
    };
    for (auto& row : rows) {
        errno = 0;
        EXPECT_EQ(tune(row.line), -1) << row.line;
        EXPECT_EQ(errno, EINVAL) << row.line;
        std::string shown = row.line;
        while (!shown.empty() && shown.back() == '\n') shown.pop_back();
        for (char& c : shown) c = c == '\n' ? '?' : c;
        EXPECT_EQ(std::string(kslab_last_report), "kslab: tuning \"" + shown + "\" is refused: " + row.why + "\n");
    }
    EXPECT_EQ(tunables_of(inside(cache)), "120 60 8");
    EXPECT_EQ(tunables_of(kslab::class_for(64)), "208 104 4");
    kmem_cache_destroy(cache);
}

TEST(tune, a_line_has_at_most_128_bytes) {
    user_cache* cache = kmem_cache_create("tuned", 64, 0, 0, nullptr);
    std::string line = "tuned 60 30 7";
    EXPECT_EQ(tune(line + std::string(128 - line.size(), ' ')), 128);
    EXPECT_EQ(tunables_of(inside(cache)), "60 30 7");
    EXPECT_EQ(tune(line + std::string(129 - line.size(), ' ')), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_NE(std::string(kslab_last_report).find("is refused: a line has at most 128 bytes\n"), std::string::npos);
    kmem_cache_destroy(cache);
}

TEST(tune, takes_what_the_kernel_takes_and_returns_its_length) {
    user_cache* cache = kmem_cache_create("two words", 64, 0, 0, nullptr);
    struct {
        const char* line;
        const char* tunables;
    } rows[] = {{"two_words 60 30 8", "60 30 8"},         {"two_words 60 30 8\n", "60 30 8"}, {"  two_words\t+1 1  0\r\n", "1 1 0"},
                {"two_words 8192 1 65535", "8192 1 65535"}, {"two_words 7 7 0007\n\n", "7 7 7"}, {"two_words 120 60 8", "120 60 8"}};
    for (auto& row : rows) {
        errno = 0;
        kslab_last_report[0] = '\0';
        EXPECT_EQ(tune(row.line), static_cast<long>(strlen(row.line)));
        EXPECT_EQ(errno, 0);
        EXPECT_STREQ(kslab_last_report, "");
        EXPECT_EQ(tunables_of(inside(cache)), row.tunables);
    }
    EXPECT_EQ(tune("kmalloc-64 8 4 2\n"), 17);
    EXPECT_EQ(tunables_of(kslab::class_for(64)), "8 4 2");
    kmem_cache_destroy(cache);
}

// The fullest array of the cache in any thread.
unsigned most_in_an_array(user_cache* cache) {
    struct search {
        kslab::kmem_cache* of;
        unsigned most;
    } s{inside(cache), 0};
    kslab::for_each_array(
        [](kslab::kmem_cache* of, const kslab::array_cache* ac, void* context) {
            auto* to = static_cast<search*>(context);
            if (of == to->of && ac->avail > to->most) to->most = ac->avail;
        },
        &s);
    return s.most;
}

// In a thread that is new to the cache.
unsigned filled_by_a_thread(user_cache* cache) {
    unsigned most = 0;
    std::thread([&] {
        std::vector<void*> objects(1000);
        for (int round = 0; round < 20; round++) {
            for (void*& object : objects) object = kmem_cache_alloc(cache, 0);
            for (void* object : objects) {
                kmem_cache_free(cache, object);
                most = std::max(most, most_in_an_array(cache));
            }
        }
    }).join();
    return most;
}

TEST(tune, a_live_cache_obeys) {
    user_cache* cache = kmem_cache_create("tuned", 64, 0, 0, nullptr);
    EXPECT_EQ(filled_by_a_thread(cache), 120u);
    ASSERT_GT(tune("tuned 10 5 1"), 0);
    EXPECT_EQ(filled_by_a_thread(cache), 10u);
    ASSERT_GT(tune("tuned 200 100 1"), 0);
    EXPECT_EQ(filled_by_a_thread(cache), 200u);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

TEST(tune, no_object_is_lost_or_handed_out_twice_under_load) {
    user_cache* cache = kmem_cache_create("load", 64, 0, 0, nullptr);
    std::atomic<bool> stop{false};
    std::atomic<long> rounds{0};
    std::vector<std::thread> threads;
    std::vector<std::vector<uintptr_t*>> kept(3);
    for (unsigned t = 0; t < 3; t++)
        threads.emplace_back([&, t] {
            std::vector<uintptr_t*> objects;
            for (unsigned step = 0; !stop || step % 512 != 0; step++) {
                if (step % 512 < 300) {
                    objects.push_back(static_cast<uintptr_t*>(kmem_cache_alloc(cache, 0)));
                    *objects.back() = reinterpret_cast<uintptr_t>(objects.back()) + t;
                } else if (objects.size() > 5) {
                    EXPECT_EQ(*objects.back(), reinterpret_cast<uintptr_t>(objects.back()) + t) << "two threads have it";
                    kmem_cache_free(cache, objects.back());
                    objects.pop_back();
                }
                if (step % 512 == 511) rounds++;
                if (step % 8192 == 8191)  // a thread whose array is of another limit
                    std::thread([&] { kmem_cache_free(cache, kmem_cache_alloc(cache, 0)); }).join();
            }
            kept[t] = objects;
        });
    unsigned seed = 1;
    for (long done = 0; done < 2000 / static_cast<long>(kSanitizerFactor); done++) {
        seed = seed * 1103515245 + 12345;
        unsigned limit = 1 + (seed >> 16) % 300, batchcount = 1 + (seed >> 8) % limit;
        EXPECT_GT(tune("load " + std::to_string(limit) + " " + std::to_string(batchcount) + " " + std::to_string(seed % 9)), 0);
        for (long before = rounds; rounds == before;) std::this_thread::yield();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    size_t live = 0;
    for (auto& objects : kept) live += objects.size();
    kslab::drain_shared(inside(cache));
    kslab::cache_report r;
    kslab::cache_report_read(inside(cache), r);
    EXPECT_EQ(r.active_objs, live) << "an object is nowhere";
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
    for (auto& objects : kept)
        for (uintptr_t* object : objects) kmem_cache_free(cache, object);
    kslab_last_report[0] = '\0';
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab_last_report, "");
}

TEST(tune, the_calls_own_bounds) {
    user_cache* cache = kmem_cache_create("bounds", 64, 0, 0, nullptr);
    EXPECT_EQ(kslab::cache_tune(inside(cache), 0, 0, 0), EINVAL);
    EXPECT_EQ(kslab::cache_tune(inside(cache), 10, 0, 0), EINVAL);
    EXPECT_EQ(kslab::cache_tune(inside(cache), 10, 11, 0), EINVAL);
    EXPECT_EQ(kslab::cache_tune(inside(cache), 10, 10, ~0u), EINVAL);
    EXPECT_EQ(kslab::cache_tune(inside(cache), kslab::tune_capacity(inside(cache)) + 1, 10, 1), EINVAL);
    EXPECT_EQ(tunables_of(inside(cache)), "120 60 8");
    kmem_cache_destroy(cache);
}

}  // namespace
