// Which findings are one finding, what is counted, and what the process ends with.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kmalloc/kmalloc.h"
#include "os/clock.h"
#include "support/child.h"
#include "support/finding.h"

namespace {

using kslab::defect;
using kslab::object_state;
using test::made_finding;

made_finding overflow(uint32_t allocated, uintptr_t access = 0) {
    made_finding made(defect::right_redzone);
    made.object(object_state::live);
    made.f.record.allocated.stack = allocated;
    made.f.stack.count = access != 0;
    made.f.stack.frame[0] = access;
    return made;
}

bool count(const made_finding& made) { return kslab::tally_count(made.f); }

TEST(report_tally, the_same_stacks_are_one_finding) {
    EXPECT_TRUE(count(overflow(1, 10)));
    EXPECT_FALSE(count(overflow(1, 10)));
    EXPECT_TRUE(count(overflow(2, 10)));
    EXPECT_TRUE(count(overflow(1, 11)));
    made_finding other = overflow(1, 10);
    other.f.what = defect::left_redzone;
    EXPECT_TRUE(count(other));
    EXPECT_EQ(kslab::tally.findings, 4u);
    EXPECT_EQ(kslab::tally.repeated, 1u);
    EXPECT_EQ(kslab::tally.errors, 4u);
}

TEST(report_tally, who_finds_a_write_after_free_does_not_matter) {
    made_finding one(defect::poison);
    one.object(object_state::quarantined);
    one.called(kslab::call_kind::malloc, "reuse by malloc()");
    EXPECT_TRUE(count(one));
    one.f.stack.frame[0]++;
    EXPECT_FALSE(count(one));
    one.f.record.freed.stack++;
    EXPECT_TRUE(count(one));
}

TEST(report_tally, without_stacks_each_object_counts) {
    made_finding one = overflow(0), two = overflow(0);
    two.f.where.begin += 80;
    EXPECT_TRUE(count(one));
    EXPECT_TRUE(count(two));
    EXPECT_FALSE(count(one));
}

TEST(report_tally, a_full_table_forgets_but_goes_on) {
    for (uint32_t i = 1; i <= 10000; i++) EXPECT_TRUE(count(overflow(i)));
    EXPECT_EQ(kslab::tally.findings, 10000u);
}

TEST(report_tally, a_leak_that_grew_is_told_again_and_its_growth_counted) {
    made_finding leak(defect::leak);
    leak.object(object_state::live);
    leak.f.count = 2;
    leak.f.total_bytes = 80;
    EXPECT_TRUE(count(leak));
    EXPECT_FALSE(count(leak));
    leak.f.count = 5;
    leak.f.total_bytes = 200;
    EXPECT_TRUE(count(leak));
    EXPECT_EQ(kslab::tally.leaked_objects, 5u);
    EXPECT_EQ(kslab::tally.leaked_bytes, 200u);
    EXPECT_EQ(kslab::tally.errors, 0u);
}

TEST(report_tally, a_child_begins_anew) {
    count(overflow(1));
    kslab::report_after_fork();
    EXPECT_EQ(kslab::findings_so_far(), 0u);
    EXPECT_TRUE(count(overflow(1)));
}

// ---- Exit codes.

int summary_after(defect what, size_t exitcode, size_t leak_exitcode) {
    kslab::tally_reset();
    kslab::active_options.exitcode = exitcode;
    kslab::active_options.leak_exitcode = leak_exitcode;
    made_finding made(what);
    made.object(object_state::live);
    made.f.count = made.f.total_bytes = 1;
    count(made);
    return kslab::report_summary();
}

TEST(report_tally, exit_codes) {
    EXPECT_EQ(kslab::report_summary(), -1);
    EXPECT_EQ(summary_after(defect::double_free, 0, 0), -1);
    EXPECT_EQ(summary_after(defect::double_free, 7, 8), 7);
    EXPECT_EQ(summary_after(defect::double_free, 0, 8), -1);
    EXPECT_EQ(summary_after(defect::leak, 7, 8), 8);
    EXPECT_EQ(summary_after(defect::leak, 7, 0), -1);
    EXPECT_EQ(summary_after(defect::leak_possible, 7, 8), -1);
    // Errors go before leaks.
    summary_after(defect::double_free, 7, 8);
    made_finding leak(defect::leak);
    count(leak);
    EXPECT_EQ(kslab::report_summary(), 7);
}

// ---- The way out, seen in a process of its own.

void report(made_finding made) { kslab::report_finding(made.f); }

size_t occurrences(const std::string& text, const std::string& of) {
    size_t n = 0;
    for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) n++;
    return n;
}

uint32_t depot(uintptr_t frame) {
    kslab::stack_trace stack{};
    stack.count = 1;
    stack.frame[0] = frame;
    return kslab::stack_depot_put(stack);
}

CHILD_PROGRAM(reports_twice_and_ends) {
    kslab::boot();
    report(overflow(depot(1000)));
    report(overflow(depot(1000)));
    report(overflow(depot(2000)));
    kslab::report_summary();
}

TEST(report_output, each_finding_has_one_bug_line) {
    test::outcome end = test::rerun("reports_twice_and_ends");
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(occurrences("\n" + end.report, "\nBUG kmalloc-64 ("), 2u) << end.report;
    EXPECT_NE(end.report.find("): 2 errors and 0 leaks\n       2  Right Redzone overwritten, repeated 1 time\n"),
              std::string::npos) << end.report;
}

TEST(report_output, the_limit_counts_what_it_keeps_back) {
    test::outcome end = test::rerun("reports_twice_and_ends", {"KSLAB_REPORT_LIMIT=1"});
    EXPECT_EQ(occurrences("\n" + end.report, "\nBUG kmalloc-64 ("), 1u) << end.report;
    EXPECT_NE(end.report.find("  not printed: 1 report beyond KSLAB_REPORT_LIMIT\n"), std::string::npos) << end.report;
}

TEST(report_output, json_has_a_line_each) {
    test::outcome end = test::rerun("reports_twice_and_ends", {"KSLAB_FORMAT=json"});
    EXPECT_EQ(occurrences("\n" + end.report, "\n{\"kind\":\"heap-overflow\","), 2u) << end.report;
    EXPECT_EQ(occurrences("\n" + end.report, "\n{\"summary\":{"), 1u) << end.report;
    EXPECT_EQ(occurrences(end.report, "\n"), 3u) << end.report;
}

TEST(report_output, abort_after_the_first) {
    test::outcome end = test::rerun("reports_twice_and_ends", {"KSLAB_ON_ERROR=abort"});
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_EQ(occurrences("\n" + end.report, "\nBUG "), 1u) << end.report;
}

// A finding while a report is made, here by the clock that the report asks.
bool finds_more(uint64_t& now) {
    now = 1;
    report(overflow(depot(3000)));
    return true;
}

CHILD_PROGRAM(finds_inside_a_report) {
    kslab::boot();
    kslab::clock_set_source(finds_more);
    report(overflow(depot(1000)));
    kslab::clock_set_source(nullptr);
    report(overflow(depot(2000)));
}

TEST(report_output, a_finding_inside_a_report_is_a_line_and_no_deadlock) {
    test::outcome end = test::rerun("finds_inside_a_report");
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(occurrences("\n" + end.report, "\nBUG "), 3u) << end.report;
    EXPECT_EQ(occurrences(end.report, "BUG kmalloc-64 (while a report was made): Right Redzone overwritten\n"), 1u)
        << end.report;
}

void say(const char* line) { EXPECT_EQ(write(2, line, strlen(line)), static_cast<ssize_t>(strlen(line))); }

made_finding leak_of(uint32_t stack) {
    made_finding made(defect::leak);
    made.object(object_state::live);
    made.f.record.allocated.stack = stack;
    made.f.count = made.f.total_bytes = 1;
    return made;
}

CHILD_PROGRAM(reports_in_a_batch) {
    kslab::boot();
    {
        kslab::report_batch batch;
        for (uintptr_t i = 1; i <= 200; i++) report(leak_of(depot(i)));
        say("not yet\n");
    }
    say("all\n");
    kslab::report_batch batch;
    report(leak_of(depot(1000)));
    report(overflow(depot(1000)));
    say("at once\n");
}

TEST(report_output, leaks_of_a_batch_are_written_together) {
    for (const char* format : {"KSLAB_FORMAT=text", "KSLAB_FORMAT=json"}) {
        test::outcome end = test::rerun("reports_in_a_batch", {format, "KSLAB_REPORT_LIMIT=1000"});
        EXPECT_EQ(end.exit_code, 0);
        auto leaks = [&](const char* before) {
            std::string text = "\n" + end.report.substr(0, end.report.find(before));
            return occurrences(text, "): Memory leak\n") + occurrences(text, "\n{\"kind\":\"leak\",");
        };
        // The buffer was full before, but not at the last.
        EXPECT_LT(leaks("not yet\n"), 200u);
        EXPECT_EQ(leaks("all\n"), 200u);
        EXPECT_EQ(leaks("at once\n"), 201u) << end.report.substr(end.report.find("all\n"));
        EXPECT_EQ(occurrences(end.report, "Right Redzone overwritten"), 1u);
    }
}

CHILD_PROGRAM(says_nothing) {
    kslab::boot();
    EXPECT_EQ(kslab::report_summary(), -1);
}

TEST(report_output, a_clean_run_says_nothing) {
    test::outcome end = test::rerun("says_nothing");
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.report, "");
}

// ---- The copy of the bytes.

TEST(finding_dump, stops_at_what_cannot_be_read) {
    char* pages = static_cast<char*>(mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    memset(pages, 'x', 3 * 4096);
    ASSERT_EQ(mprotect(pages, 4096, PROT_NONE), 0);
    ASSERT_EQ(mprotect(pages + 2 * 4096, 4096, PROT_NONE), 0);
    made_finding first(defect::heap_corrupt), last(defect::heap_corrupt), hidden(defect::heap_corrupt);
    kslab::finding_take_dump(first.f, pages + 4096, pages + 4096);
    EXPECT_EQ(first.f.dump_start, reinterpret_cast<uintptr_t>(pages + 4096));
    EXPECT_EQ(first.f.dump_length, 48u);
    EXPECT_EQ(first.f.dump[47], 'x');
    kslab::finding_take_dump(last.f, pages + 2 * 4096 - 1, pages + 2 * 4096 - 1);
    EXPECT_EQ(last.f.dump_start + last.f.dump_length, reinterpret_cast<uintptr_t>(pages + 2 * 4096));
    kslab::finding_take_dump(hidden.f, pages + 100, pages + 200);
    EXPECT_EQ(hidden.f.dump_length, 0u);
    munmap(pages, 3 * 4096);
}

TEST(finding_dump, is_bounded_and_shows_where_the_damage_begins) {
    static char memory[100000];
    memset(memory, 'y', sizeof memory);
    made_finding made(defect::right_redzone);
    made.object(object_state::live, sizeof memory - 96);
    made.f.where.begin = memory;
    made.f.where.bytes = sizeof memory;
    kslab::finding_take_dump(made.f, memory + 70000, memory + 90000);
    EXPECT_EQ(made.f.dump_length, kslab::finding::kDumpBytes);
    EXPECT_LE(made.f.dump_start, reinterpret_cast<uintptr_t>(memory + 70000));
    EXPECT_GT(made.f.dump_start + 64, reinterpret_cast<uintptr_t>(memory + 70000));
}

TEST(finding_lease, a_pool_that_is_empty_gives_none) {
    constexpr int kAll = 64;
    kslab::finding_lease* held[kAll];
    for (auto& lease : held) {
        lease = new kslab::finding_lease(defect::leak);
        EXPECT_TRUE(*lease);
    }
    EXPECT_FALSE(kslab::finding_lease(defect::leak));
    delete held[3];
    {
        kslab::finding_lease again(defect::double_free);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->what, defect::double_free);
        EXPECT_EQ(again->count, 0u);
    }
    for (int i = 0; i < kAll; i++)
        if (i != 3) delete held[i];
}

}  // namespace
