// The machine's nodes: the list that the kernel prints, and what this machine answers.
#include "os/nodes.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "os/memory.h"
#include "os/vdso.h"

namespace {

using namespace kslab;

unsigned parsed(const std::string& text) { return parse_node_list(text.data(), text.size()); }

TEST(os_nodes, the_highest_number_of_a_list_counts) {
    EXPECT_EQ(parsed("0\n"), 1u);
    EXPECT_EQ(parsed("0"), 1u);
    EXPECT_EQ(parsed("0-3\n"), 4u);
    EXPECT_EQ(parsed("0,2-3\n"), 4u);
    EXPECT_EQ(parsed("0,2\n"), 3u);
    EXPECT_EQ(parsed("1\n"), 2u);
    EXPECT_EQ(parsed("0-1,4-7,252-255\n"), 256u);
    EXPECT_EQ(parsed("5,2-3\n"), 6u) << "in any order";
    EXPECT_EQ(parsed("0-1023\n"), 1024u);
    // One character less than there is.
    EXPECT_EQ(parse_node_list("0-12", 3), 2u);
}

TEST(os_nodes, what_is_no_list_is_refused) {
    for (const char* text : {"", "\n", "x", "-", "0-", "-1", "0,", ",0", "0--2", "3-1", "0 1", "0x1", "0-2-4", "0;1",
                             "1024", "0-4096", "99999999999999999999", "0-3,\n"})
        EXPECT_EQ(parsed(text), 0u) << text;
}

TEST(os_nodes, this_machine_answers) {
    unsigned nodes = os_nodes();
    EXPECT_GE(nodes, 1u);
    EXPECT_EQ(os_nodes(), nodes);
    std::ifstream file("/sys/devices/system/node/online");
    std::string list;
    if (std::getline(file, list)) {
        EXPECT_EQ(nodes, std::stoul(list.substr(list.find_last_of(",-") + 1)) + 1) << list;
    }
    EXPECT_LT(os_current_node(), nodes);
}

unsigned system_says() {
    unsigned cpu = 0, node = 0;
    syscall(SYS_getcpu, &cpu, &node, nullptr);
    return node;
}

// With and without the vDSO; on one CPU, so that the answers belong together.
TEST(os_nodes, the_current_node_is_the_kernels) {
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all)) continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
        for (bool without_vdso : {false, true}) {
            vdso_forget(without_vdso);
            os_nodes_pretend(1024, nullptr);
            EXPECT_EQ(os_current_node(), system_says()) << "cpu " << cpu << (without_vdso ? ", no vDSO" : "");
        }
        vdso_forget(false);
    }
    sched_setaffinity(0, sizeof all, &all);
    os_nodes_pretend(0, nullptr);
}

unsigned asked = 0;
unsigned third() { return asked++, 3; }

TEST(os_nodes, a_node_beyond_what_there_is_counts_as_the_first) {
    os_nodes_pretend(4, third);
    EXPECT_EQ(os_nodes(), 4u);
    EXPECT_EQ(os_current_node(), 3u);
    os_nodes_pretend(3, third);
    EXPECT_EQ(os_current_node(), 0u);
    asked = 0;
    os_nodes_pretend(1, third);
    EXPECT_EQ(os_current_node(), 0u);
    EXPECT_EQ(asked, 0u) << "one node: nobody is asked";
    os_nodes_pretend(0, nullptr);
}

TEST(os_nodes, pages_are_bound_to_the_first_node) {
    constexpr size_t kBytes = 16 * kPageSize;
    char* memory = static_cast<char*>(os_map(kBytes));
    ASSERT_NE(memory, nullptr);
    memory[0] = 1;
    if (!os_bind_to_node(memory, kBytes, 0)) {
        unsigned long mask = 1;
        long result = syscall(SYS_mbind, memory, kBytes, 1, &mask, 2, 2);
        int reason = errno;
        os_unmap(memory, kBytes);
        ASSERT_EQ(result, -1) << "the system does it, when asked otherwise";
        ASSERT_TRUE(reason == ENOSYS || reason == EPERM) << strerror(reason);
        GTEST_SKIP() << "mbind is not supported here: " << strerror(reason);
    }
    memset(memory, 2, kBytes);
    int policy = -1;
    unsigned long mask[16] = {};
    constexpr long kOfAddress = 2, kWhichNode = 1;
    if (syscall(SYS_get_mempolicy, &policy, mask, 1024, memory, kOfAddress) == 0) {
        EXPECT_EQ(policy, 1) << "preferred";
        EXPECT_EQ(mask[0], 1u);
    }
    if (syscall(SYS_get_mempolicy, &policy, nullptr, 0, memory + kPageSize, kOfAddress | kWhichNode) == 0) {
        EXPECT_EQ(policy, 0) << "the node of the page";
    }
    os_unmap(memory, kBytes);
}

TEST(os_nodes, what_cannot_be_bound_stays_as_it_was) {
    char* memory = static_cast<char*>(os_map(4 * kPageSize));
    ASSERT_NE(memory, nullptr);
    errno = 0;
    EXPECT_FALSE(os_bind_to_node(memory, 4 * kPageSize, 1023)) << "no such node";
    EXPECT_FALSE(os_bind_to_node(memory, 4 * kPageSize, 1024));
    EXPECT_FALSE(os_bind_to_node(memory, 4 * kPageSize, ~0u));
    EXPECT_FALSE(os_bind_to_node(memory, 0, 0));
    EXPECT_FALSE(os_bind_to_node(memory + 1, 100, 0)) << "no whole page";
    EXPECT_EQ(errno, 0);
    memory[0] = 5;
    os_unmap(memory, 4 * kPageSize);
}

}  // namespace
