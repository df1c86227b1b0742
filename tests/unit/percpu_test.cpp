// Per-CPU memory: an object for each CPU, the complemented pointer, failure at any CPU.
#include "kslab/percpu.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/percpu.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/stats.h"
#include "kslab/kslab.h"
#include "os/cpus.h"
#include "os/report_fd.h"
#include "support/child.h"

namespace {

using namespace kslab;

struct counter {
    long value;
    char text[20];
};

// As if the machine had so many CPUs.
class cpus {
public:
    explicit cpus(unsigned count) { cpus_set_possible(count); }
    ~cpus() { cpus_set_possible(0); }
};

size_t live_objects() {
    auto stats = std::make_unique<heap_stats>();
    heap_stats_read(*stats);
    size_t live = stats->large_count;
    for (unsigned i = 0; i < stats->caches && i < kMaxClasses; i++) live += stats->cache[i].active;
    return live;
}

TEST(cpus, lists_of_the_system_are_read) {
    struct {
        const char* list;
        int highest;
    } rows[] = {{"0\n", 0},  {"0-1\n", 1},  {"0-3,8-11\n", 11}, {"0,2", 2},  {"0-127", 127}, {"\n", -1},
                {"", -1},    {"none\n", -1}, {"0-99999999999", -1}, {"3-x", -1}, {"65535", 65535}, {"65536", -1}};
    for (auto& row : rows) EXPECT_EQ(highest_cpu_in(row.list, strlen(row.list)), row.highest) << row.list;
}

TEST(cpus, as_many_as_the_system_says_and_this_one_is_among_them) {
    FILE* file = fopen("/sys/devices/system/cpu/possible", "r");
    if (file == nullptr) GTEST_SKIP() << "no /sys";
    char list[512] = {};
    EXPECT_NE(fgets(list, sizeof list, file), nullptr);
    fclose(file);
    EXPECT_EQ(num_possible_cpus(), static_cast<unsigned>(highest_cpu_in(list, strlen(list))) + 1);
    EXPECT_LT(this_cpu(), num_possible_cpus());
}

TEST(percpu, every_cpu_has_a_zeroed_object_of_its_own_lines) {
    for (unsigned count : {1u, 2u, 3u, 64u, 300u})
        for (size_t size : {1, 8, 64, 65, 192, 4096, 5000, 20000})
            for (size_t align : {0, 1, 8, 64, 256, 4096}) {
                if (count > 3 && size > 4096) continue;
                cpus machine(count);
                char* memory = static_cast<char*>(__alloc_percpu(size, align));
                ASSERT_NE(memory, nullptr);
                std::set<uintptr_t> lines;
                for (unsigned cpu = 0; cpu < count; cpu++) {
                    char* object = per_cpu_ptr(memory, cpu);
                    uintptr_t at = reinterpret_cast<uintptr_t>(object);
                    EXPECT_EQ(at % (align < 64 ? 64 : align), 0u);
                    for (size_t i = 0; i < size; i++) ASSERT_EQ(object[i], 0) << cpu;
                    memset(object, 0x5c, size);
                    for (uintptr_t line = at / 64; line <= (at + size - 1) / 64; line++)
                        EXPECT_TRUE(lines.insert(line).second) << "two CPUs share a line";
                }
                free_percpu(memory);
            }
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(percpu, loops_and_this_cpu) {
    counter* counters = alloc_percpu(struct counter);
    unsigned cpu, seen = 0;
    for_each_possible_cpu(cpu) {
        per_cpu_ptr(counters, cpu)->value = cpu;
        seen++;
    }
    EXPECT_EQ(seen, num_possible_cpus());
    cpu_set_t allowed;
    ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    for (unsigned i = 0; i < num_possible_cpus(); i++) {
        if (!CPU_ISSET(i, &allowed)) continue;
        std::thread([&] {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
            EXPECT_EQ(this_cpu_ptr(counters)->value, i);
            counter* mine = get_cpu_ptr(counters);
            EXPECT_EQ(mine, per_cpu_ptr(counters, i));
            put_cpu_ptr(counters);
        }).join();
    }
    free_percpu(counters);
    free_percpu(nullptr);
}

TEST(percpu, counters_of_all_threads_add_up) {
    counter* counters = alloc_percpu(struct counter);
    constexpr int kRounds = 20000 / kSanitizerFactor;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([=] {
            for (int i = 0; i < kRounds; i++)
                __atomic_fetch_add(&this_cpu_ptr(counters)->value, 1, __ATOMIC_RELAXED);
        });
    for (std::thread& thread : threads) thread.join();
    long sum = 0;
    int cpu;
    for_each_possible_cpu(cpu) sum += per_cpu_ptr(counters, cpu)->value;
    EXPECT_EQ(sum, 4L * kRounds);
    free_percpu(counters);
}

#ifndef KSLAB_TEST_SANITIZED  // which have handlers of their own
TEST(percpu, the_pointer_itself_faults) {
    counter* counters = alloc_percpu(struct counter);
    test::outcome read = test::in_fork([=] { _exit(static_cast<int>(*const_cast<volatile long*>(&counters->value))); });
    EXPECT_EQ(read.signal, SIGSEGV);
    test::outcome written = test::in_fork([=] { *const_cast<volatile long*>(&counters->value) = 1; });
    EXPECT_EQ(written.signal, SIGSEGV);
    test::outcome control = test::in_fork([=] { *const_cast<volatile long*>(&per_cpu_ptr(counters, 0)->value) = 1; });
    EXPECT_EQ(control.signal, 0);
    free_percpu(counters);
}
#endif

TEST(percpu, failure_at_any_cpu_leaks_nothing) {
    constexpr unsigned kCpus = 16;
    cpus machine(kCpus);
    free_percpu(__alloc_percpu(100, 0));
    size_t before = live_objects();
    for (unsigned cpu = 0; cpu < kCpus; cpu++) {
        percpu_fail_at(cpu);
        errno = 0;
        EXPECT_EQ(__alloc_percpu(100, 0), nullptr);
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(live_objects(), before) << "failed at " << cpu;
    }
    percpu_fail_at(kNoCpu);
    void* all = __alloc_percpu(100, 0);
    EXPECT_EQ(live_objects(), before + kCpus + 1) << "what is compared does not count";
    free_percpu(all);
    EXPECT_EQ(live_objects(), before);
    EXPECT_STREQ(validate_heap(), nullptr);
}

#ifndef KSLAB_TEST_SANITIZED  // stacks and the leak scan do not get on with a sanitizer's run-time
// The same with the allocator's own injection: all 6 objects and the table come from kmalloc, so that request number
// k + 1 of 700 bytes and more is that of CPU k. Leaks are what debugging says they are.
CHILD_PROGRAM(percpu_with_injection) {
    cpus machine(6);
    errno = 0;
    EXPECT_EQ(__alloc_percpu(700, 0), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(kslab_leak_check(), 0);
    void* all = __alloc_percpu(700, 0);
    EXPECT_NE(all, nullptr);
    EXPECT_EQ(kslab_leak_check(), 0) << "what only a complemented pointer leads to is no leak";
    free_percpu(all);
    EXPECT_EQ(kslab_validate(), 0);
}

TEST(percpu, injected_failures_leak_nothing) {
    for (int cpu = 0; cpu < 6; cpu++) {
        std::string fail = "KSLAB_FAIL=size:700-,nth:" + std::to_string(cpu + 1);
        test::outcome end = test::rerun("percpu_with_injection", {"KSLAB_DEBUG=1", fail});
        EXPECT_EQ(end.exit_code, 0) << fail << ' ' << end.report;
    }
}
#endif

TEST(percpu, refuses_bad_arguments_with_errno_and_a_line) {
    struct {
        size_t size, align;
        const char* why;
    } rows[] = {
        {0, 8, "(0, 8) failed: an object has at least one byte"},
        {~size_t{0}, 8, "(18446744073709551615, 8) failed: the object is too large"},
        {8, 3, "(8, 3) failed: the alignment is no power of two"},
        {8, 8192, "(8, 8192) failed: the alignment is at most 4096"},
    };
    for (auto& row : rows) {
        errno = 0;
        EXPECT_EQ(__alloc_percpu(row.size, row.align), nullptr);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(std::string(kslab_last_report), std::string("kslab: alloc_percpu") + row.why + "\n");
    }
    errno = 0;
    EXPECT_EQ(__alloc_percpu(size_t{PTRDIFF_MAX}, 8), nullptr);
    EXPECT_EQ(errno, ENOMEM);
}

TEST(percpu, misuse_is_reported) {
    counter* counters = alloc_percpu(struct counter);
    static long other[2];
    struct {
        std::function<void()> body;
        const char* what;
    } rows[] = {
        {[=] { per_cpu_ptr(counters, num_possible_cpus()); }, "there is no such CPU"},
        {[=] { free_percpu(counters), free_percpu(counters); }, "this is no pointer of alloc_percpu, or a freed one"},
        {[=] { free_percpu(other); }, "this is no pointer of alloc_percpu, or a freed one"},
        {[=] { free_percpu(per_cpu_ptr(counters, 0)); }, "this is no pointer of alloc_percpu, or a freed one"},
        {[=] { free_percpu(reinterpret_cast<void*>(~reinterpret_cast<uintptr_t>(per_cpu_ptr(counters, 0)))); },
         "this is no pointer of alloc_percpu, or a freed one"},
    };
    for (auto& row : rows) {
        test::outcome end = test::in_fork(row.body);
        EXPECT_EQ(end.signal, SIGABRT);
        EXPECT_NE(end.report.find(row.what), std::string::npos) << end.report;
    }
    free_percpu(counters);
}

}  // namespace
