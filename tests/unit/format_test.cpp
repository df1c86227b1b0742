#include "base/format.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/check.h"
#include "os/report_fd.h"
#include "support/child.h"

namespace {

using namespace kslab;

template <typename F>
std::string formatted(F write) {
    char buffer[128];
    text out(buffer, sizeof buffer);
    write(out);
    return {out.data(), out.length()};
}

TEST(format, numbers) {
    for (uint64_t n : {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{12345}, ~uint64_t{0}}) {
        EXPECT_EQ(formatted([n](text& out) { out.dec(n); }), std::to_string(n));
        char hex[32];
        snprintf(hex, sizeof hex, "%lx", n);
        EXPECT_EQ(formatted([n](text& out) { out.hex(n); }), hex);
    }
    for (int64_t n : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX})
        EXPECT_EQ(formatted([n](text& out) { out.sdec(n); }), std::to_string(n));
    EXPECT_EQ(formatted([](text& out) { out.dec(7, 4).dec(1234567, 4).dec(42, 5, '0'); }), "   7123456700042");
    EXPECT_EQ(formatted([](text& out) { out.ptr(reinterpret_cast<void*>(0x7f0010)); }), "0x7f0010");
}

TEST(format, bytes_have_the_unit_that_is_exact) {
    struct {
        uint64_t n;
        const char* expected;
    } rows[] = {{0, "0"},           {1023, "1023"},     {1024, "1K"},         {1536, "1536"},
                {262144, "256K"},   {64 << 20, "64M"},  {1ull << 30, "1G"},   {5ull << 40, "5120G"},
                {(1 << 20) + 1024, "1025K"}};
    for (auto& row : rows) EXPECT_EQ(formatted([&](text& out) { out.bytes(row.n); }), row.expected);
}

TEST(format, padding_ends_at_its_column) {
    EXPECT_EQ(formatted([](text& out) { out.put("ab").pad_to(5).put('|').pad_to(3).put('|'); }), "ab   ||");
}

TEST(format, a_line_that_is_too_long_says_so_and_nothing_beyond_is_written) {
    char buffer[16];
    memset(buffer, '#', sizeof buffer);
    text out(buffer, 8);
    out.put("12345").dec(67890).put("abc").hex(0xffff).pad_to(100).put('x');
    EXPECT_EQ(out.length(), 8u);
    EXPECT_EQ(std::string(buffer, sizeof buffer), "12345...########");
}

TEST(format, comparisons) {
    EXPECT_EQ(string_length(""), 0u);
    EXPECT_EQ(string_length("four"), 4u);
    EXPECT_TRUE(strings_equal("", ""));
    EXPECT_TRUE(strings_equal("abc", "abc"));
    EXPECT_FALSE(strings_equal("abc", "abcd"));
    EXPECT_FALSE(strings_equal("abcd", "abc"));
    EXPECT_TRUE(equals_prefix("DECAY_MS=5", 8, "DECAY_MS"));
    EXPECT_FALSE(equals_prefix("DECAY_MS=5", 5, "DECAY_MS"));
    EXPECT_FALSE(equals_prefix("DECAY", 5, "DEC"));
}

TEST(format, a_report_line_has_prefix_and_newline) {
    { report_line()->put("hello ").dec(5); }
    EXPECT_STREQ(kslab_last_report, "kslab: hello 5\n");
}

TEST(format, a_report_line_that_is_too_long_ends_in_a_newline_all_the_same) {
    {
        report_line out;
        for (int i = 0; i < 1000; i++) out->put("0123456789");
    }
    std::string report = kslab_last_report;
    EXPECT_EQ(report.size(), 400u);
    EXPECT_EQ(report.back(), '\n');
    EXPECT_EQ(report.find('\n'), report.size() - 1);
}

TEST(format, a_failed_check_says_what_and_aborts) {
    test::outcome end = test::in_fork([] { KSLAB_CHECK(1 + 1 == 3, "arithmetic holds"); });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_NE(end.report.find("kslab: internal error: arithmetic holds (format_test.cpp:"), std::string::npos)
        << end.report;
}

}  // namespace
