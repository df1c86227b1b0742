// Guarded places: what is inaccessible and when, with guards inside the mapping and with mprotect.
#include "debug/guard/guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <fstream>
#include <list>
#include <vector>

#include "debug/fault/fault_context.h"
#include "debug/guard/guard_pages.h"
#include "kmalloc/kmalloc.h"
#include "os/memory.h"
#include "pages/page_allocator.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using namespace kslab;

struct guarded_object {
    object_record record{};
    place where{};
    char* object() const { return where.object(); }
};

// Asks the kernel, so that looking is no fault.
bool readable(const char* at) {
    char byte;
    return read_carefully(&byte, reinterpret_cast<uintptr_t>(at), 1) == 1;
}

bool all_zero(const place& p) {
    for (char* at = p.begin; at < p.end(); at++)
        if (*at != 0) return false;
    return true;
}

// The parameter: without the system call, as on an older kernel.
class guard_test : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        boot();
        os_guard_forget(GetParam());
        start(guard_side::aligned);
        if (!GetParam() && !guard_read_stats().cheap) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
    }
    static void start(guard_side side, size_t memory = 0) {
        active_options.guard = side;
        active_options.guard_memory = memory;
        guard_boot();
    }
};
INSTANTIATE_TEST_SUITE_P(methods, guard_test, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "mprotect" : "guards"; });

TEST_P(guard_test, the_end_is_against_the_guard_aligned) {
    for (size_t size : {1, 15, 16, 17, 40, 4095, 4096, 4097, 8192, 100000}) {
        guarded_object o;
        ASSERT_TRUE(guard_allocate(size, 16, o.record, o.where)) << size;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(o.object()) % 16, 0u);
        EXPECT_LT(o.where.end() - (o.object() + size), 16) << size;
        EXPECT_EQ(o.record.requested, size);
        EXPECT_TRUE(o.where.guarded);
        std::fill(o.where.begin, o.where.end(), 'x');
        EXPECT_TRUE(readable(o.where.end() - 1));
        EXPECT_FALSE(readable(o.where.end()));
        guard_release(o.where);
    }
}

TEST_P(guard_test, the_end_is_exact_unless_alignment_was_asked_for) {
    start(guard_side::exact);
    for (size_t size : {1, 13, 40, 4095, 4097}) {
        guarded_object o;
        ASSERT_TRUE(guard_allocate(size, 16, o.record, o.where));
        EXPECT_EQ(o.object() + size, o.where.end());
        EXPECT_FALSE(readable(o.object() + size));
        guarded_object aligned;
        ASSERT_TRUE(guard_allocate(size, 64, aligned.record, aligned.where));
        EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned.object()) % 64, 0u);
        EXPECT_LT(aligned.where.end() - (aligned.object() + size), 64);
    }
}

TEST_P(guard_test, the_start_is_against_the_guard) {
    start(guard_side::start);
    for (size_t size : {1, 40, 4096, 5000}) {
        guarded_object o;
        ASSERT_TRUE(guard_allocate(size, 16, o.record, o.where));
        EXPECT_EQ(o.object(), o.where.begin);
        EXPECT_FALSE(readable(o.object() - 1));
        EXPECT_TRUE(readable(o.object()));
        EXPECT_TRUE(readable(o.where.end() - 1));
        guard_hide(o.where);
        EXPECT_FALSE(readable(o.object()));
        guard_release(o.where);
    }
}

TEST_P(guard_test, large_alignments_hold) {
    for (guard_side side : {guard_side::aligned, guard_side::exact, guard_side::start}) {
        start(side);
        for (size_t align = 32; align <= size_t{1} << 22; align *= 2) {
            for (size_t size : {1, 5000}) {
                guarded_object o;
                ASSERT_TRUE(guard_allocate(size, align, o.record, o.where));
                EXPECT_EQ(reinterpret_cast<uintptr_t>(o.object()) % align, 0u);
                EXPECT_LE(o.object() + size, o.where.end());
                guard_hide(o.where);
                guard_release(o.where);
            }
        }
    }
}

TEST_P(guard_test, an_object_of_no_bytes_has_an_address) {
    guarded_object a, b;
    ASSERT_TRUE(guard_allocate(0, 16, a.record, a.where));
    ASSERT_TRUE(guard_allocate(0, 16, b.record, b.where));
    EXPECT_NE(a.object(), b.object());
    EXPECT_EQ(a.record.requested, 0u);
}

TEST_P(guard_test, a_hidden_object_is_inaccessible_and_holds_no_memory) {
    guarded_object o;
    ASSERT_TRUE(guard_allocate(3 * kPageSize, 16, o.record, o.where));
    size_t before = guard_read_stats().bytes;
    std::fill(o.where.begin, o.where.end(), 'x');
    guard_hide(o.where);
    for (char* at = o.where.begin; at < o.where.end(); at += kPageSize) EXPECT_FALSE(readable(at));
    EXPECT_EQ(guard_read_stats().bytes, before - 3 * kPageSize);
    guard_release(o.where);
    EXPECT_EQ(guard_read_stats().bytes, before - 3 * kPageSize);
}

TEST_P(guard_test, what_is_released_stays_inaccessible_until_reused_and_is_zero_then) {
    guarded_object o;
    ASSERT_TRUE(guard_allocate(100, 16, o.record, o.where));
    char* place_of_first = o.where.begin;
    std::fill(o.where.begin, o.where.end(), 'x');
    guard_hide(o.where);
    guard_release(o.where);
    EXPECT_FALSE(readable(place_of_first));
    guarded_object again;
    ASSERT_TRUE(guard_allocate(200, 16, again.record, again.where));
    EXPECT_EQ(again.where.begin, place_of_first);
    EXPECT_EQ(again.where.in_run->content, run_content::zero);
    EXPECT_TRUE(all_zero(again.where));
    EXPECT_FALSE(readable(again.where.end()));
}

// Pages that anybody may get are pages that anybody may write, and those that count as zero are.
void write_to_zero_pages() {
    std::vector<run*> runs;
    all_pages.purge_all();
    for (unsigned i = 0; i < 64; i++) {
        run* r = all_pages.allocate({.pages = 64});
        ASSERT_NE(r, nullptr);
        ASSERT_EQ(r->content, run_content::zero);
        char* memory = static_cast<char*>(r->memory());
        for (size_t at = 0; at < 64 * kPageSize; at += kPageSize / 2) {
            ASSERT_EQ(memory[at], 0);
            memory[at] = 'y';
        }
        runs.push_back(r);
    }
    for (run* r : runs) all_pages.release(r);
}

TEST_P(guard_test, a_large_run_goes_back_whole) {
    write_to_zero_pages();  // so that guard pages are not fresh
    for (size_t size : {size_t{1} << 20, size_t{8} << 20}) {
        guarded_object o;
        ASSERT_TRUE(guard_allocate(size, 16, o.record, o.where));
        std::fill(o.where.begin, o.where.end(), 'x');
        size_t used = all_pages.stats().used;
        size_t mappings = guard_mappings();
        guard_hide(o.where);
        EXPECT_FALSE(readable(o.where.begin + size / 2));
        guard_release(o.where);
        EXPECT_LT(all_pages.stats().used, used - size / kPageSize);
        EXPECT_LE(guard_mappings(), mappings);
        EXPECT_EQ(all_pages.validate(), nullptr);
    }
    write_to_zero_pages();
}

TEST_P(guard_test, what_waits_goes_back_on_demand) {
    guard_drain();
    size_t used = all_pages.stats().used;
    size_t mappings = guard_mappings();
    std::list<guarded_object> objects;
    for (unsigned i = 0; i < 100; i++) {
        guarded_object& o = objects.emplace_back();
        ASSERT_TRUE(guard_allocate(64, 16, o.record, o.where));
    }
    for (guarded_object& o : objects) {
        guard_hide(o.where);
        guard_release(o.where);
    }
    EXPECT_EQ(all_pages.stats().used, used + 200) << "they wait";
    EXPECT_EQ(guard_drain(), 100u);
    EXPECT_EQ(all_pages.stats().used, used);
    EXPECT_EQ(guard_mappings(), mappings);
    write_to_zero_pages();
}

TEST_P(guard_test, memory_is_bounded_and_refusals_are_counted) {
    size_t held = guard_read_stats().bytes / kPageSize;  // by other cases of this program
    start(guard_side::aligned, (held + 100) * kPageSize);
    std::list<guarded_object> objects;
    for (;;) {
        guarded_object& o = objects.emplace_back();
        if (!guard_allocate(64, 16, o.record, o.where)) break;
        ASSERT_LE(objects.size(), 100u);
    }
    objects.pop_back();
    EXPECT_EQ(objects.size(), 100u);
    EXPECT_GE(guard_read_stats().refused, 1u);
    guard_hide(objects.front().where);
    guarded_object o;
    EXPECT_TRUE(guard_allocate(64, 16, o.record, o.where)) << "freed objects do not count";
}

TEST_P(guard_test, addresses_are_covered_where_an_access_faults) {
    guarded_object o;
    ASSERT_TRUE(guard_allocate(3 * kPageSize, 16, o.record, o.where));
    o.record.state = object_state::live;
    place p;
    EXPECT_FALSE(guard_covers(o.object(), p));
    EXPECT_FALSE(guard_covers(o.object() + kPageSize, p));
    EXPECT_TRUE(guard_covers(o.where.end(), p));
    EXPECT_EQ(p.record, &o.record);
    EXPECT_TRUE(guard_covers(o.where.end() + kPageSize - 1, p));
    o.record.state = object_state::quarantined;
    guard_hide(o.where);
    EXPECT_TRUE(guard_covers(o.object() + kPageSize, p)) << "not a first or last page";
    int local;
    EXPECT_FALSE(guard_covers(&local, p));
    EXPECT_FALSE(guard_covers(nullptr, p));
    EXPECT_FALSE(guard_covers(reinterpret_cast<void*>(0x6b6b6b6b6b6b6b6b), p));
    o.where.in_run->record = nullptr;
    guard_release(o.where);
}

TEST_P(guard_test, locked_memory_is_guarded_too) {
    test::outcome o = test::in_fork([] {
        if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return;  // not allowed to
        guarded_object object;
        if (!guard_allocate(100, 16, object.record, object.where)) _exit(1);
        if (readable(object.where.end()) || !readable(object.object())) _exit(2);
        *object.object() = 'x';
        guard_hide(object.where);
        if (readable(object.object())) _exit(3);
        guard_release(object.where);
        guarded_object again;
        if (!guard_allocate(100, 16, again.record, again.where)) _exit(4);
        if (again.where.in_run->content == run_content::zero && !all_zero(again.where)) _exit(5);
    });
    EXPECT_EQ(o.exit_code, 0);
}

TEST_P(guard_test, a_child_has_the_same_guards) {
    guarded_object live, freed;
    ASSERT_TRUE(guard_allocate(100, 16, live.record, live.where));
    ASSERT_TRUE(guard_allocate(100, 16, freed.record, freed.where));
    *live.object() = 'x';
    guard_hide(freed.where);
    test::outcome o = test::in_fork([&] {
        if (!readable(live.object()) || readable(live.where.end()) || readable(freed.object())) _exit(1);
        guard_release(freed.where);
        guarded_object again;
        if (!guard_allocate(100, 16, again.record, again.where) || !all_zero(again.where)) _exit(2);
    });
    EXPECT_EQ(o.exit_code, 0);
}

size_t mappings_of_process() {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    size_t count = 0;
    while (std::getline(maps, line)) count++;
    return count;
}

TEST_P(guard_test, mappings_stay_within_their_bound) {
    std::list<guarded_object> objects;
    size_t limit = os_mapping_limit() / 2;
    size_t before = mappings_of_process();
    size_t counted = guard_mappings();
    bool refused = false;
    for (size_t i = 0; i < limit && !refused; i++) {
        guarded_object& o = objects.emplace_back();
        refused = !guard_allocate(8, 16, o.record, o.where);
    }
    EXPECT_EQ(refused, GetParam()) << "guards inside a mapping need no bound";
    size_t added = mappings_of_process() - before;
    EXPECT_LE(added, GetParam() ? limit + 100 : 100);
    if (GetParam()) {
        EXPECT_GE(objects.size(), (limit - counted) / 2);
    }
    for (guarded_object& o : objects)
        if (o.where.guarded) guard_release(o.where);
}

// Against a record of what is live, hidden, and gone.
TEST_P(guard_test, any_order_of_calls) {
    test::random random(test::number_from("KSLAB_TEST_SEED", 1));
    std::list<guarded_object> live, hidden;
    size_t steps = 20000 / kSanitizerFactor;
    for (size_t step = 0; step < steps; step++) {
        size_t what = random.below(10);
        if (what < 5 || live.empty()) {
            guarded_object& o = live.emplace_back();
            size_t size = random.doubling(size_t{1} << (random.one_in(50) ? 23 : 16));
            size_t align = random.one_in(20) ? size_t{16} << random.below(12) : 16;
            ASSERT_TRUE(guard_allocate(size, align, o.record, o.where));
            if (o.where.in_run->content == run_content::zero) {
                ASSERT_EQ(*o.where.begin, 0);
                ASSERT_EQ(o.where.end()[-1], 0);
            }
            ASSERT_FALSE(readable(o.where.end()));
            *o.where.begin = 'x';
            o.where.end()[-1] = 'x';
            o.object()[size / 2] = 'y';
        } else if (what < 8) {
            auto it = std::next(live.begin(), static_cast<long>(random.below(live.size())));
            ASSERT_EQ(it->object()[it->record.requested / 2], 'y');
            guard_hide(it->where);
            ASSERT_FALSE(readable(it->object()));
            hidden.splice(hidden.end(), live, it);
        } else if (!hidden.empty()) {
            ASSERT_FALSE(readable(hidden.front().where.begin));
            guard_release(hidden.front().where);
            hidden.pop_front();
        }
        if (live.size() > 2000) {
            guard_release(live.front().where);  // without having been hidden
            live.pop_front();
        }
        if (step % 1000 == 0) {
            ASSERT_EQ(all_pages.validate(), nullptr);
        }
    }
    for (guarded_object& o : live) guard_release(o.where);
    for (guarded_object& o : hidden) guard_release(o.where);
    EXPECT_EQ(all_pages.validate(), nullptr);
}

TEST(guard_sample, takes_about_one_in_so_many) {
    boot();
    guard_boot();
    active_options.sample_guard = 100;
    size_t taken = 0;
    for (unsigned i = 0; i < 1000000; i++) taken += guard_sample() ? 1 : 0;
    EXPECT_GT(taken, 9000u);
    EXPECT_LT(taken, 11000u);
    active_options.sample_guard = 1;
    taken = 0;
    for (unsigned i = 0; i < 1000; i++) taken += guard_sample() ? 1 : 0;
    EXPECT_GE(taken, 800u);  // what is left of the first hundred
    active_options.sample_guard = 0;
    EXPECT_FALSE(guard_sample());
}

}  // namespace
