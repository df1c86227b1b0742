// Small files of /proc and /sys.
#include "os/system_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace {

using kslab::os_read_file;

TEST(system_file, is_what_others_read) {
    for (const char* path : {"/proc/sys/vm/max_map_count", "/sys/devices/system/cpu/possible"}) {
        std::ifstream file(path);
        std::string expected{std::istreambuf_iterator<char>(file), {}};
        ASSERT_FALSE(expected.empty()) << path;
        char buffer[512];
        EXPECT_EQ(std::string(buffer, os_read_file(path, buffer, sizeof buffer)), expected);
        EXPECT_EQ(std::string(buffer, os_read_file(path, buffer, 1)), expected.substr(0, 1));
    }
}

TEST(system_file, what_cannot_be_read_is_empty) {
    char buffer[8];
    for (const char* path : {"/proc/nonexistent", "/proc", ""}) EXPECT_EQ(os_read_file(path, buffer, sizeof buffer), 0u) << path;
}

}  // namespace
