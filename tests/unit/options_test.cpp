#include "config/options.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/random.h"

namespace {

using namespace kslab;

// What options_read makes of these strings, and the last report.
struct reading {
    options values;
    std::string report;
};

reading read(std::vector<std::string> strings) {
    std::vector<char*> environment;
    for (std::string& s : strings) environment.push_back(s.data());
    environment.push_back(nullptr);
    kslab_last_report[0] = '\0';
    reading result;
    options_read(result.values, environment.data());
    result.report = kslab_last_report;
    return result;
}

std::string complaint(const std::string& variable) { return read({variable}).report; }

TEST(options, defaults) {
    options o;
    EXPECT_EQ(o.classes, size_profile::odd);
    EXPECT_EQ(o.geometry, slab_geometry::kslab);
    EXPECT_EQ(o.thread_cache, size_t{256} << 10);
    EXPECT_EQ(o.decay_ms, 1000u);
    EXPECT_EQ(o.limit, 0u);
    EXPECT_EQ(o.realloc_zero_size, realloc_zero::free);
    EXPECT_EQ(o.deepbind_flag, deepbind::clear);
    EXPECT_STREQ(o.debug.text, "");
    EXPECT_STREQ(o.debug_exe.text, "");
    EXPECT_EQ(o.error_action, on_error::go_on);
    EXPECT_EQ(o.exitcode, 0u);
    EXPECT_EQ(o.leak_exitcode, 0u);
    EXPECT_STREQ(o.log.text, "");
    EXPECT_EQ(o.format, report_format::text);
    EXPECT_EQ(o.depth, 8u);
    EXPECT_EQ(o.quarantine, size_t{64} << 20);
    EXPECT_EQ(o.leaks, leak_listing::leaks);
    EXPECT_EQ(o.guard, guard_side::aligned);
    EXPECT_EQ(o.sample_guard, 0u);
    EXPECT_STREQ(o.fail.text, "");
    EXPECT_EQ(o.verbose, on_off::off);
    EXPECT_EQ(o.help, on_off::off);
}

TEST(options, choices) {
    EXPECT_EQ(read({"KSLAB_CLASSES=odd"}).values.classes, size_profile::odd);
    EXPECT_EQ(read({"KSLAB_CLASSES=kmalloc"}).values.classes, size_profile::kmalloc);
    EXPECT_EQ(read({"KSLAB_CLASSES=fine"}).values.classes, size_profile::fine);
    EXPECT_EQ(read({"KSLAB_GEOMETRY=kernel"}).values.geometry, slab_geometry::kernel);
    EXPECT_EQ(read({"KSLAB_GEOMETRY=kslab"}).values.geometry, slab_geometry::kslab);
    EXPECT_EQ(read({"KSLAB_REALLOC_ZERO=alloc"}).values.realloc_zero_size, realloc_zero::alloc);
    EXPECT_EQ(read({"KSLAB_REALLOC_ZERO=free"}).values.realloc_zero_size, realloc_zero::free);
    EXPECT_EQ(read({"KSLAB_DEEPBIND=clear"}).values.deepbind_flag, deepbind::clear);
    EXPECT_EQ(read({"KSLAB_DEEPBIND=keep"}).values.deepbind_flag, deepbind::keep);
    EXPECT_EQ(read({"KSLAB_ON_ERROR=continue"}).values.error_action, on_error::go_on);
    EXPECT_EQ(read({"KSLAB_ON_ERROR=abort"}).values.error_action, on_error::abort);
    EXPECT_EQ(read({"KSLAB_FORMAT=json"}).values.format, report_format::json);
    EXPECT_EQ(read({"KSLAB_LEAKS=possible"}).values.leaks, leak_listing::possible);
    EXPECT_EQ(read({"KSLAB_LEAKS=live"}).values.leaks, leak_listing::live);
    EXPECT_EQ(read({"KSLAB_GUARD=exact"}).values.guard, guard_side::exact);
    EXPECT_EQ(read({"KSLAB_GUARD=start"}).values.guard, guard_side::start);
}

TEST(options, texts) {
    options o = read({"KSLAB_DEBUG=FZ,kmalloc-*", "KSLAB_LOG=/tmp/%p=%e.log", "KSLAB_FAIL=nth:3,log:1", "KSLAB_DEBUG_EXE=a,b*"}).values;
    EXPECT_STREQ(o.debug.text, "FZ,kmalloc-*");
    EXPECT_STREQ(o.log.text, "/tmp/%p=%e.log");
    EXPECT_STREQ(o.fail.text, "nth:3,log:1");
    EXPECT_STREQ(o.debug_exe.text, "a,b*");

    std::string longest(kOptionTextBytes - 1, 'x');
    EXPECT_EQ(read({"KSLAB_LOG=" + longest}).values.log.text, longest);
    EXPECT_EQ(complaint("KSLAB_LOG=" + longest), "");
    reading too_long = read({"KSLAB_LOG=" + longest + 'x'});
    EXPECT_STREQ(too_long.values.log.text, "");
    EXPECT_EQ(too_long.report, "kslab: KSLAB_LOG=" + longest.substr(0, 64) + "... is ignored: longer than 511 characters\n");
}

TEST(options, a_text_is_a_copy) {
    std::string variable = "KSLAB_LOG=here";
    std::vector<char*> environment = {variable.data(), nullptr};
    options o;
    options_read(o, environment.data());
    variable = "KSLAB_LOG=away";
    EXPECT_STREQ(o.log.text, "here");
}

TEST(options, numbers_have_bounds_where_the_table_says_so) {
    struct {
        const char* name;
        const char* low;
        const char* high;
        const char* below;
        const char* above;
    } rows[] = {{"EXITCODE", "0", "255", nullptr, "256"},
                {"LEAK_EXITCODE", "0", "255", nullptr, "256"},
                {"DEPTH", "1", "64", "0", "65"},
                {"SIGNAL", "0", "64", nullptr, "65"}};
    for (auto& row : rows) {
        std::string name = std::string("KSLAB_") + row.name + "=";
        EXPECT_EQ(complaint(name + row.low), "");
        EXPECT_EQ(complaint(name + row.high), "");
        EXPECT_EQ(complaint(name + row.above), "kslab: " + name + row.above + " is ignored: expected " + row.low + ".." + row.high + "\n");
        EXPECT_EQ(row.below != nullptr && complaint(name + row.below).empty(), false);
    }
    EXPECT_EQ(read({"KSLAB_DEPTH=65"}).values.depth, 8u);
    EXPECT_EQ(read({"KSLAB_EXITCODE=255"}).values.exitcode, 255u);
}

TEST(options, no_control_character_reaches_the_terminal) {
    EXPECT_EQ(complaint("KSLAB_LIMIT=\033[2J\x80"), "kslab: KSLAB_LIMIT=?[2J? is ignored: expected bytes, with K, M, G or T behind the "
                                                   "number if you like\n");
    EXPECT_EQ(complaint("KSLAB_\033[2J=1").find('\033'), std::string::npos);
}

TEST(options, sizes_and_numbers) {
    struct {
        const char* text;
        size_t value;
    } sizes[] = {{"0", 0},          {"1", 1},           {"4096", 4096},         {"64K", 64 << 10},
                 {"64k", 64 << 10}, {"3M", 3 << 20},    {"2g", size_t{2} << 30}, {"1T", size_t{1} << 40},
                 {"007", 7},        {"18446744073709551615", ~size_t{0}}};
    for (auto& row : sizes) {
        EXPECT_EQ(read({std::string("KSLAB_THREAD_CACHE=") + row.text}).values.thread_cache, row.value) << row.text;
        EXPECT_EQ(read({std::string("KSLAB_LIMIT=") + row.text}).values.limit, row.value) << row.text;
        EXPECT_EQ(complaint(std::string("KSLAB_LIMIT=") + row.text), "");
    }
    EXPECT_EQ(read({"KSLAB_DECAY_MS=250"}).values.decay_ms, 250u);
    EXPECT_EQ(read({"KSLAB_VERBOSE=1"}).values.verbose, on_off::on);
    EXPECT_EQ(read({"KSLAB_HELP=1"}).values.help, on_off::on);
}

TEST(options, bad_values_are_reported_and_leave_the_default) {
    for (const char* value : {"x", "-1", "1.5", "12Q", "12KK", "K", "99999999999999999999", "16777216T", " 1", "1 "}) {
        reading r = read({std::string("KSLAB_THREAD_CACHE=") + value});
        EXPECT_EQ(r.values.thread_cache, size_t{256} << 10) << value;
        EXPECT_EQ(r.report, std::string("kslab: KSLAB_THREAD_CACHE=") + value +
                                " is ignored: expected bytes, with K, M, G or T behind the number if you like\n");
    }
    reading r = read({"KSLAB_DECAY_MS=1K"});
    EXPECT_EQ(r.values.decay_ms, 1000u);
    EXPECT_EQ(r.report, "kslab: KSLAB_DECAY_MS=1K is ignored: expected milliseconds\n");
    for (const char* value : {"Odd", "od", "oddly", "odd|kmalloc", "0"})
        EXPECT_EQ(complaint(std::string("KSLAB_CLASSES=") + value),
                  std::string("kslab: KSLAB_CLASSES=") + value + " is ignored: expected odd|kmalloc|fine\n");
}

TEST(options, an_empty_value_leaves_the_default_without_a_word) {
    reading r = read({"KSLAB_THREAD_CACHE=", "KSLAB_CLASSES=", "KSLAB_HELP="});
    EXPECT_EQ(r.values.thread_cache, size_t{256} << 10);
    EXPECT_EQ(r.values.classes, size_profile::odd);
    EXPECT_EQ(r.values.help, on_off::off);
    EXPECT_EQ(r.report, "");
}

TEST(options, unknown_names_are_reported_with_the_nearest) {
    struct {
        const char* wrong;
        const char* nearest;
    } rows[] = {{"CLASES", "CLASSES"},           {"GEOMETRI", "GEOMETRY"},  {"THREADCACHE", "THREAD_CACHE"},
                {"DECAY", "DECAY_MS"},           {"LIMITS", "LIMIT"},       {"REALLOCZERO", "REALLOC_ZERO"},
                {"DEEP_BIND", "DEEPBIND"},       {"VERBOS", "VERBOSE"},     {"HELPME", "HELP"},
                {"DEBUGS", "DEBUG"},             {"DEBUGEXE", "DEBUG_EXE"}, {"EXIT_CODE", "EXITCODE"},
                {"LOGFILE", "LOG"},              {"SAMPLE", "SAMPLE_GUARD"}, {"debug", "DEBUG"},
                {"QUARANTAINE", "QUARANTINE"},   {"LEAK", "LEAKS"},         {"ONERROR", "ON_ERROR"}};
    for (auto& row : rows)
        EXPECT_EQ(complaint(std::string("KSLAB_") + row.wrong + "=1"),
                  std::string("kslab: KSLAB_") + row.wrong + " is no option; did you mean KSLAB_" + row.nearest +
                      "? KSLAB_HELP=1 prints all\n");
}

TEST(options, nothing_is_suggested_when_nothing_is_near) {
    for (const char* name : {"XYZZY", "HEAP_BASE_ADDRESS", "Q", "", "A_NAME_THAT_IS_LONGER_THAN_ANY_OTHER"})
        EXPECT_EQ(complaint(std::string("KSLAB_") + name + "=1"),
                  std::string("kslab: KSLAB_") + name + " is no option; KSLAB_HELP=1 prints all\n");
}

TEST(options, a_name_of_any_length_is_survived) {
    for (size_t length : {0, 1, 31, 32, 33, 63, 64, 65, 1000, 100000}) {
        std::string report = complaint("KSLAB_" + std::string(length, 'X') + "=1");
        EXPECT_NE(report.find("is no option"), std::string::npos) << length;
        EXPECT_LE(report.size(), 400u);
    }
    EXPECT_LE(complaint("KSLAB_LIMIT=" + std::string(100000, '9')).size(), 400u);
}

TEST(options, other_variables_are_not_looked_at) {
    reading r = read({"PATH=/bin", "KSLABX=1", "kslab_HELP=1", "KSLAB", "KSLAB_", "KSLAB_HELP", "=KSLAB_HELP=1", ""});
    EXPECT_EQ(r.values.help, on_off::off);
    EXPECT_EQ(r.report, "");
}

TEST(options, the_last_of_two_wins) {
    EXPECT_EQ(read({"KSLAB_LIMIT=1M", "KSLAB_LIMIT=2M"}).values.limit, size_t{2} << 20);
}

// ---- Any text at all, against a second reader of sizes and numbers.

// Thousands of complaints are nothing to read.
class quiet {
public:
    quiet() : kept_(dup(2)) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, 2);
        close(nowhere);
    }
    ~quiet() {
        dup2(kept_, 2);
        close(kept_);
    }

private:
    int kept_;
};

bool second_reader(std::string text, bool units, size_t& n) {
    unsigned shift = 0;
    if (units && !text.empty() && std::string("kKmMgGtT").find(text.back()) != std::string::npos) {
        shift = 10 * static_cast<unsigned>(std::string("kKmMgGtT").find(text.back()) / 2 + 1);
        text.pop_back();
    }
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return false;
    unsigned __int128 value = 0;
    for (char c : text)
        if ((value = value * 10 + static_cast<unsigned>(c - '0')) >> 64 != 0) return false;
    if (value << shift >> 64 != 0) return false;
    n = static_cast<size_t>(value << shift);
    return true;
}

TEST(options, sizes_and_numbers_agree_with_a_second_reader) {
    const char* pieces[] = {"0", "1", "9", "64", "255", "1844674407", "3709551615", "K", "m", "G", "T", "x", "-", " ", "."};
    quiet q;
    test::random dice(1);
    size_t good = 0;
    for (unsigned round = 0; round < 100000 / kSanitizerFactor; round++) {
        std::string value;
        for (size_t count = dice.between(1, 5); count > 0; count--) value += pieces[dice.below(dice.one_in(3) ? std::size(pieces) : 7)];
        size_t expected;
        reading size = read({"KSLAB_LIMIT=" + value});
        bool right = second_reader(value, true, expected);
        ASSERT_EQ(size.report.empty(), right) << value;
        ASSERT_EQ(size.values.limit, right ? expected : 0u) << value;
        good += right;
        reading number = read({"KSLAB_VALIDATE=" + value});
        right = second_reader(value, false, expected);
        ASSERT_EQ(number.report.empty(), right) << value;
        ASSERT_EQ(number.values.validate_every, right ? expected : 0u) << value;
        reading bounded = read({"KSLAB_DEPTH=" + value});
        right = right && expected >= 1 && expected <= 64;
        ASSERT_EQ(bounded.report.empty(), right) << value;
        ASSERT_EQ(bounded.values.depth, right ? expected : 8u) << value;
    }
    EXPECT_GT(good, 10000u / kSanitizerFactor);
}

TEST(options, random_environments_are_survived_with_a_line_for_each_mistake) {
    quiet q;
    test::random dice(2);
    for (unsigned round = 0; round < 50000 / kSanitizerFactor; round++) {
        std::string variable = dice.one_in(2) ? "KSLAB_" : "";
        for (size_t count = dice.below(dice.one_in(100) ? 2000 : 20); count > 0; count--)
            variable += static_cast<char>(dice.one_in(8) ? '=' : dice.one_in(2) ? 'A' + static_cast<char>(dice.below(26)) : dice.between(1, 255));
        std::string report = complaint(variable);
        if (report.empty()) continue;
        ASSERT_EQ(report.rfind("kslab: KSLAB_", 0), 0u) << report;
        ASSERT_EQ(report.find('\n'), report.size() - 1) << report;
        ASSERT_LE(report.size(), 400u);
    }
}

// ---- From the environment block of a real process.

CHILD_PROGRAM(boots) { kfree(kmalloc(100, 0)); }

// Each column begins at one place in every line: what is behind two blanks.
TEST(options, the_columns_of_the_help_are_straight) {
    std::string text = test::rerun("boots", {"KSLAB_HELP=1"}).report;
    std::istringstream lines(text);
    std::string line;
    size_t values = 0, initial = 0, meaning = 0, rows = 0;
    while (std::getline(lines, line)) {
        EXPECT_LE(line.size(), 160u) << line;
        if (line.find("  name ") != std::string::npos) {
            values = line.find("values");
            initial = line.find("default");
            meaning = line.find("meaning");
        } else if (line.find("  KSLAB_") != std::string::npos) {
            rows++;
            for (size_t column : {values, initial, meaning}) {
                ASSERT_LT(column, line.size()) << line;
                EXPECT_EQ(line.substr(column - 2, 2), "  ") << line;
                EXPECT_NE(line[column], ' ') << line;
            }
        }
    }
    EXPECT_GT(rows, 20u);
}

TEST(options, help_lists_every_option_with_its_default) {
    std::string text = test::rerun("boots", {"KSLAB_HELP=1"}).report;
    struct {
        const char* name;
        const char* help;
    } rows[] = {
#define ROW(kind, name, field, type, initial, domain, help) {"KSLAB_" #name " ", help},
        KSLAB_OPTIONS(ROW)
#undef ROW
    };
    for (auto& row : rows) {
        EXPECT_NE(text.find(row.name), std::string::npos) << row.name << " is missing in\n" << text;
        EXPECT_NE(text.find(row.help), std::string::npos) << row.help << " is missing in\n" << text;
    }
    for (const char* initial : {" odd ", " kslab ", " 256K ", " 1000 ", " free ", " clear ", " 0 ", " unset ", " continue ", " 64M "})
        EXPECT_NE(text.find(initial), std::string::npos) << initial;
}

CHILD_PROGRAM(limit_of_a_mebibyte) {
    kfree(kmalloc(100, 0));
    EXPECT_EQ(active_options.limit, size_t{1} << 20);
    EXPECT_EQ(kmalloc(size_t{1} << 20, 0), nullptr);
    EXPECT_NE(kmalloc(size_t{100} << 10, 0), nullptr);
}

TEST(options, are_read_at_boot) {
    EXPECT_EQ(test::rerun("limit_of_a_mebibyte", {"KSLAB_LIMIT=1M"}).exit_code, 0);
    test::outcome bad = test::rerun("boots", {"KSLAB_LIMIT=lots"});
    EXPECT_EQ(bad.exit_code, 0);
    EXPECT_NE(bad.report.find("KSLAB_LIMIT=lots is ignored: expected bytes"), std::string::npos) << bad.report;
}

}  // namespace
