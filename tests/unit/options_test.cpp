#include "config/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "os/report_fd.h"
#include "support/child.h"

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
    EXPECT_EQ(o.deepbind_flag, deepbind::keep);
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
                {"DEEP_BIND", "DEEPBIND"},       {"VERBOS", "VERBOSE"},     {"HELPME", "HELP"}};
    for (auto& row : rows)
        EXPECT_EQ(complaint(std::string("KSLAB_") + row.wrong + "=1"),
                  std::string("kslab: KSLAB_") + row.wrong + " is no option; did you mean KSLAB_" + row.nearest +
                      "? KSLAB_HELP=1 prints all\n");
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

// ---- From the environment block of a real process.

CHILD_PROGRAM(boots) { kfree(kmalloc(100, 0)); }

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
    for (const char* initial : {" odd ", " kslab ", " 256K ", " 1000 ", " free ", " keep ", " 0 "})
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
