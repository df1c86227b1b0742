// What groups look like from outside: their table, slabinfo, read sections, modules, debugging.
#include <errno.h>
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "debug/object/validate_heap.h"
#include "kslab/group.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "kslab/rcu.h"
#include "kslab/slabinfo.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "thread/rcu.h"

namespace {

using kslab::group_guard;

std::string slabinfo() {
    std::string text(static_cast<size_t>(kslab_slabinfo_read(nullptr, 0)) + 4096, '\0');
    text.resize(static_cast<size_t>(kslab_slabinfo_read(text.data(), text.size())));
    return text;
}

// The first figure of the row: active_objs.
size_t active(const std::string& name) {
    std::string text = slabinfo();
    size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? ~size_t{0} : std::stoul(text.substr(at + 1 + name.size()));
}

size_t bytes_of(int group) {
    struct kslab_group_stats stats = {};
    kslab_group_stat(group, &stats);
    return stats.bytes;
}

TEST(group_reports, slabinfo_has_rows_of_roots_which_include_their_children) {
    auto* root = kmem_cache_create("report-root", 2000, 0, SLAB_ACCOUNT, nullptr);
    int first = kslab_group_create("a", 0), second = kslab_group_create("b", 0);
    std::vector<void*> all;
    for (int group : {0, first, second, first}) {
        group_guard in(group);
        for (unsigned i = 0; i < 100; i++) all.push_back(kmem_cache_alloc(root, GFP_KERNEL));
    }
    EXPECT_GE(active("report-root"), 400u);
    EXPECT_LT(active("report-root"), 400u + 3 * 54);
    EXPECT_EQ(slabinfo().find("report-root("), std::string::npos);
    const char line[] = "report-root 7 3 0";
    EXPECT_EQ(kslab_slabinfo_write(line, strlen(line)), static_cast<long>(strlen(line)));
    for (void* object : all) kmem_cache_free(root, object);
    EXPECT_EQ(kmem_cache_shrink(root), 0);
    EXPECT_EQ(active("report-root"), 0u);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
    kmem_cache_destroy(root);
    EXPECT_EQ(kslab_group_destroy(first), 0);
    EXPECT_EQ(kslab_group_destroy(second), 0);
}

TEST(group_reports, the_table_has_a_line_for_each_group) {
    int group = kslab_group_create("two words", 5000);
    group_guard in(group);
    void* object = kmalloc(64, GFP_KERNEL);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    EXPECT_EQ(kslab_groups(ends[1]), 0);
    close(ends[1]);
    char text[4096] = {};
    EXPECT_GT(read(ends[0], text, sizeof text - 1), 0);
    close(ends[0]);
    const char expected[] =
        "# group                               <bytes>    <objects>       <peak>   <failures>      <limit>\n"
        "two_words                                  64            1           64            0         5000\n";
    EXPECT_STREQ(text, expected);
    kfree(object);
    errno = 0;
    EXPECT_EQ(kslab_groups(-1), -1);
    EXPECT_EQ(errno, EBADF);
    EXPECT_EQ(kslab_group_find("two words"), group);
    EXPECT_EQ(kslab_group_find("three"), 0);
}

// Whoever waits looks at the thread's own structure, whatever group the thread was in when its section began or ends.
TEST(group_reports, read_sections_go_on_across_enter_and_leave) {
    auto depth = [] { return kslab::this_thread()->rcu_section & kslab::kNesting; };
    int group = kslab_group_create("reads", 0);
    rcu_read_lock();
    kslab_group_enter(group);
    EXPECT_EQ(depth(), 1u);
    rcu_read_lock();
    EXPECT_EQ(depth(), 2u);
    rcu_read_unlock();
    rcu_read_unlock();
    EXPECT_EQ(depth(), 0u);
    rcu_read_lock();
    kslab_group_leave(0);
    EXPECT_EQ(depth(), 1u);
    EXPECT_EQ(test::in_fork([group] {
                  kslab_group_enter(group);
                  synchronize_rcu();
              }).signal,
              SIGABRT);
    rcu_read_unlock();
    EXPECT_EQ(depth(), 0u);
    kslab_group_enter(group);
    synchronize_rcu();
    kslab_group_leave(0);
    EXPECT_EQ(kslab::current_thread->rcu_section & kslab::kNesting, 0u);
}

// ---- KSLAB_GROUPS=modules

CHILD_PROGRAM(counts_modules) {
    void* object = kmalloc(64, GFP_KERNEL);
    int own = kslab_group_find("unit-group_reports");
    ASSERT_GT(own, 0);
    size_t before = bytes_of(own);
    std::vector<void*> all;
    for (unsigned i = 0; i < 1000; i++) all.push_back(kmalloc(64, GFP_KERNEL));
    all.push_back(kzalloc(20000, GFP_KERNEL));
    all.push_back(kcalloc(10, 10, GFP_KERNEL));
    all.push_back(krealloc(kmalloc(64, GFP_KERNEL), 5000, GFP_KERNEL));
    EXPECT_EQ(bytes_of(own), before + 64000 + 20480 + 112 + 5120);
    // Who asks, where that is not who calls: a function of libc's that no sanitizer has one of its own for.
    all.push_back(kmalloc_track(64, GFP_KERNEL, reinterpret_cast<const void*>(&gnu_get_libc_version)));
    EXPECT_EQ(bytes_of(kslab_group_find("libc.so.6")), 64u);
    all.push_back(kmalloc_track(64, GFP_KERNEL, reinterpret_cast<const void*>(uintptr_t{4096})));
    EXPECT_EQ(bytes_of(kslab_group_find("[anonymous]")), 64u);
    // A group that the program chose comes first.
    int chosen = kslab_group_create("chosen", 0);
    {
        group_guard in(chosen);
        all.push_back(kmalloc(64, GFP_KERNEL));
    }
    EXPECT_EQ(bytes_of(chosen), 64u);
    for (void* each : all) kfree(each);
    EXPECT_EQ(bytes_of(own), before);
    kfree(object);
    errno = 0;
    EXPECT_EQ(kslab_group_destroy(own), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(kslab::validate_heap(), nullptr);
}

TEST(group_reports, modules_are_counted_by_their_callers_and_listed_at_exit) {
    auto result = test::rerun("counts_modules", {"KSLAB_GROUPS=modules"});
    EXPECT_EQ(result.exit_code, 0) << result.report;
    EXPECT_NE(result.report.find("\nunit-group_reports "), std::string::npos) << result.report;
}

CHILD_PROGRAM(groups_under_debugging) {
    int group = kslab_group_create("debugged", 10);
    kslab_group_create("second", 10);
    group_guard in(group);
    void* object = kmalloc(100, GFP_KERNEL);
    EXPECT_NE(object, nullptr);
    EXPECT_EQ(bytes_of(group), 0u);
    EXPECT_EQ(kmalloc(1000, GFP_NOWAIT), nullptr);  // of a cache that is not debugged
    kfree(object);
}

TEST(group_reports, objects_under_debugging_belong_to_no_group_as_one_line_says) {
    auto result = test::rerun("groups_under_debugging", {"KSLAB_DEBUG=FZP,kmalloc-112"});
    EXPECT_EQ(result.exit_code, 0) << result.report;
    const std::string line = "kslab: groups: objects of caches under debugging belong to no group\n";
    size_t at = result.report.find(line);
    ASSERT_NE(at, std::string::npos) << result.report;
    EXPECT_EQ(result.report.find(line, at + 1), std::string::npos);
}

}  // namespace
