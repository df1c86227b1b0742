// KSLAB_DEBUG: SLUB's grammar, sentence by sentence, and against a second reader of it.
#include "config/debug_switches.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "config/options.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/debug_value.h"
#include "support/random.h"

namespace {

using namespace kslab;

constexpr uint32_t F = kDebugChecks, Z = kDebugRedzone, P = kDebugPoison, U = kDebugTrack, T = kDebugTrace,
                   A = kDebugFail, O = kDebugKeepOrder, G = kDebugGuard, Q = kDebugQuarantine, L = kDebugLeaks;

struct parsed {
    debug_switches switches;
    std::string wrong;
    size_t at = 0;

    explicit parsed(const std::string& value) {
        const char* complaint = debug_switches_parse(switches, value.c_str(), at);
        if (complaint != nullptr) wrong = complaint;
    }
    uint32_t of(const char* cache) const { return debug_flags_for(switches, cache); }
};

uint32_t flags(const std::string& value, const char* cache) {
    parsed p(value);
    EXPECT_EQ(p.wrong, "") << value;
    return p.of(cache);
}

TEST(debug_switches, presets) {
    EXPECT_EQ(flags("", "kmalloc-64"), 0u);
    EXPECT_EQ(flags("0", "kmalloc-64"), 0u);
    for (const char* word : {"off", "OFF", "none"}) EXPECT_EQ(flags(word, "kmalloc-64"), 0u) << word << ": not its letters";
    EXPECT_EQ(flags("-", "kmalloc-64"), 0u);
    EXPECT_EQ(flags("1", "kmalloc-64"), F | Z | P | U | Q | L);
    EXPECT_EQ(flags("full", "kmalloc-64"), F | Z | P | U | Q | L | G);
    EXPECT_EQ(debug_flags_any(parsed("").switches), 0u);
    EXPECT_EQ(debug_flags_any(parsed("0").switches), 0u);
    EXPECT_EQ(debug_flags_any(parsed("-").switches), 0u);
}

TEST(debug_switches, each_letter_large_and_small) {
    const uint32_t all[] = {F, Z, P, U, T, A, G, Q, L};
    const char* letters = "FZPUTAGQL";
    for (size_t i = 0; letters[i] != '\0'; i++) {
        EXPECT_EQ(flags(std::string(1, letters[i]), "any"), all[i]) << letters[i];
        EXPECT_EQ(flags(std::string(1, static_cast<char>(letters[i] | 0x20)), "any"), all[i]) << letters[i];
    }
    EXPECT_EQ(flags("fZpU", "any"), F | Z | P | U);
    EXPECT_EQ(flags("FFF", "any"), F);
}

TEST(debug_switches, no_letters_mean_the_default) {
    EXPECT_EQ(flags(",dentry", "dentry"), F | Z | P | U);
    EXPECT_EQ(flags(",dentry", "inode"), 0u);
}

TEST(debug_switches, a_minus_takes_back_what_precedes) {
    EXPECT_EQ(flags("FZ-", "any"), 0u);
    EXPECT_EQ(flags("FZ-P", "any"), P);
    EXPECT_EQ(flags("FZ;-,zs_handle,zspage", "zspage"), 0u);
    EXPECT_EQ(flags("FZ;-,zs_handle,zspage", "zs_handle"), 0u);
    EXPECT_EQ(flags("FZ;-,zs_handle,zspage", "dentry"), F | Z);
}

TEST(debug_switches, a_star_at_the_end_matches_any_rest) {
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "kmalloc-64"), P);
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "kmalloc-"), P);
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "kmalloc"), 0u);
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "dentry"), P);
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "dentry2"), 0u);
    EXPECT_EQ(flags("P,kmalloc-*,dentry", "dentr"), 0u);
    EXPECT_EQ(flags("P,*", ""), P);
}

TEST(debug_switches, the_first_block_that_names_the_cache_wins) {
    const char* value = "F;Z,kmalloc-6*;P,kmalloc-64;U,kmalloc-*";
    EXPECT_EQ(flags(value, "kmalloc-64"), Z);
    EXPECT_EQ(flags(value, "kmalloc-32"), U);
    EXPECT_EQ(flags(value, "other"), F);
}

TEST(debug_switches, the_last_block_without_names_applies_to_the_rest) {
    EXPECT_EQ(flags("F;Z", "any"), Z);
    EXPECT_EQ(flags("Z;P,one;F", "any"), F);
    EXPECT_EQ(flags("Z;P,one;F", "one"), P);
    EXPECT_EQ(flags("Z;P,one;-", "any"), 0u);
    EXPECT_EQ(debug_flags_any(parsed("Z;P,one;F").switches), F | P);
}

TEST(debug_switches, empty_blocks_are_skipped) {
    EXPECT_EQ(flags(";;F;;Z,one;", "any"), F);
    EXPECT_EQ(flags(";;F;;Z,one;", "one"), Z);
    EXPECT_EQ(debug_flags_any(parsed(";;").switches), 0u);
}

TEST(debug_switches, keep_order_alone_is_off_and_else_counts_for_all) {
    EXPECT_EQ(flags("O", "any"), 0u);
    EXPECT_EQ(debug_flags_any(parsed("O").switches), 0u);
    EXPECT_EQ(flags("FO", "any"), F | O);
    EXPECT_EQ(flags("F;ZO,one", "any"), F | O);
}

TEST(debug_switches, presets_are_matched_whole_in_a_block) {
    EXPECT_EQ(flags("1,one;full,two", "one"), kDebugHunt);
    EXPECT_EQ(flags("1,one;full,two", "two"), kDebugFull);
    EXPECT_EQ(flags("FUL", "one"), F | U | L);
    EXPECT_EQ(parsed("1F").at, 0u);
    EXPECT_NE(parsed("1F").wrong, "");
}

TEST(debug_switches, what_is_wrong_is_said_with_its_place_and_switches_all_off) {
    struct {
        const char* value;
        size_t at;
        const char* words;
    } rows[] = {{"FZX", 2, "unknown letter; F Z P U T A O G Q L"},
                {"F Z", 1, "unknown letter"},
                {"F;Z,one;k", 8, "unknown letter"},
                {"F,", 2, "name is missing"},
                {"F,;Z", 2, "name is missing"},
                {"F,one,,two", 6, "name is missing"},
                {"F,o*e", 3, "end of a name"},
                {"F,**", 2, "end of a name"}};
    for (auto& row : rows) {
        parsed p(row.value);
        EXPECT_NE(p.wrong.find(row.words), std::string::npos) << row.value << ": " << p.wrong;
        EXPECT_EQ(p.at, row.at) << row.value;
        EXPECT_EQ(debug_flags_any(p.switches), 0u) << row.value;
        EXPECT_EQ(p.of("one"), 0u) << row.value;
    }
}

TEST(debug_switches, bounds) {
    std::string blocks;
    for (int i = 0; i < 16; i++) blocks += "Z,cache" + std::to_string(i) + ";";
    EXPECT_EQ(flags(blocks, "cache15"), Z);
    EXPECT_NE(parsed(blocks + "F").wrong.find("too many blocks"), std::string::npos);
    EXPECT_EQ(flags("Z," + std::string(509, 'n'), std::string(509, 'n').c_str()), Z);
    EXPECT_NE(parsed("Z," + std::string(510, 'n')).wrong.find("longer than 511"), std::string::npos);
}

TEST(debug_switches, the_value_is_copied) {
    char value[] = "Z,one";
    debug_switches switches;
    size_t at;
    ASSERT_EQ(debug_switches_parse(switches, value, at), nullptr);
    memset(value, 'x', sizeof value - 1);
    EXPECT_EQ(debug_flags_for(switches, "one"), Z);
}

TEST(debug_switches, patterns) {
    struct {
        const char* patterns;
        const char* name;
        bool matched;
    } rows[] = {{"demo", "demo", true},    {"demo", "demo2", false}, {"demo2", "demo", false}, {"a,demo", "demo", true},
                {"a,demo,", "demo", true}, {"", "demo", false},      {"", "", false},          {",", "", false},
                {"*", "", true},           {"*", "*x", true},        {"d*,x", "demo", true},   {"d*", "ad", false}};
    for (auto& row : rows)
        EXPECT_EQ(matches_patterns(row.patterns, strlen(row.patterns), row.name), row.matched) << row.patterns << ' ' << row.name;
    EXPECT_FALSE(matches_patterns("demo", 3, "demo"));
    EXPECT_TRUE(matches_patterns("demo", 3, "dem"));
}

// ---- Together with the other options.

struct reading {
    debug_switches switches;
    std::string report;
};

reading read(const char* debug, const char* exe = "", const char* fail = "") {
    options o;
    strcpy(o.debug.text, debug);
    strcpy(o.debug_exe.text, exe);
    strcpy(o.fail.text, fail);
    reading result;
    kslab_last_report[0] = '\0';
    debug_switches_read(result.switches, o, "demo");
    result.report = kslab_last_report;
    return result;
}

TEST(debug_switches, a_wrong_value_gives_one_line) {
    reading r = read("FZ,kmalloc-*;Qx");
    EXPECT_EQ(r.report,
              "kslab: KSLAB_DEBUG=FZ,kmalloc-*;Qx is ignored, debugging is off: unknown letter; F Z P U T A O G Q L, or - for "
              "none, or 1, or full (character 15, 'x')\n");
    EXPECT_EQ(debug_flags_any(r.switches), 0u);
    EXPECT_EQ(read("FZ,").report, "kslab: KSLAB_DEBUG=FZ, is ignored, debugging is off: a cache name is missing (character 4)\n");
    EXPECT_EQ(read("FZ\033[2J").report.find('\033'), std::string::npos);
    EXPECT_EQ(read("FZ").report, "");
}

TEST(debug_switches, only_in_executables_that_are_meant) {
    EXPECT_EQ(debug_flags_any(read("F", "demo").switches), F);
    EXPECT_EQ(debug_flags_any(read("F", "other,de*").switches), F);
    EXPECT_EQ(debug_flags_any(read("F", "other").switches), 0u);
    EXPECT_EQ(debug_flags_any(read("F", "other", "nth:1").switches), 0u);
    EXPECT_EQ(read("Fx", "other").report, "");
    for (const char* exe : {"./demo", "/usr/bin/demo", "other, demo", "\tdemo ,x", "x, ./de*", ",demo"})
        EXPECT_EQ(debug_flags_any(read("F", exe).switches), F) << exe;
    for (const char* exe : {"demo/", "demo/x", " ", ",", "dem o", "/"})
        EXPECT_EQ(debug_flags_any(read("F", exe).switches), 0u) << exe;
}

TEST(debug_switches, fault_injection_alone_marks_every_cache) {
    EXPECT_EQ(debug_flags_for(read("", "", "nth:1").switches, "any"), A);
    EXPECT_EQ(debug_flags_any(read("", "", "nth:1").switches), A);
    EXPECT_EQ(debug_flags_for(read("FZ,one", "", "nth:1").switches, "one"), F | Z | A);
    EXPECT_EQ(debug_flags_for(read("FZ,one", "", "nth:1").switches, "any"), A);
    // Letters say which: these only.
    EXPECT_EQ(debug_flags_for(read("A,one", "", "nth:1").switches, "one"), A);
    EXPECT_EQ(debug_flags_for(read("A,one", "", "nth:1").switches, "any"), 0u);
}

// ---- Any text at all.

TEST(debug_switches, agree_with_a_second_reader) {
    const char* pieces[] = {"F", "z", "P", "u", "T", "a", "O", "g", "Q", "L", "-", ",", ",", ";", ";", "*", "1", "0", "full", "FULL",
                            "kmalloc-64", "kmalloc-6", "dentry", "kmalloc-*", "d*", "X", " ", "\x80", "fu"};
    const char* caches[] = {"kmalloc-64", "kmalloc-6", "kmalloc-", "dentry", "d", "", "*", "kmalloc-large"};
    test::random dice(20261122);
    size_t good = 0;
    for (unsigned round = 0; round < 300000 / kSanitizerFactor; round++) {
        std::string value;
        for (size_t n = dice.below(dice.one_in(50) ? 200 : 12); n > 0; n--) value += pieces[dice.below(std::size(pieces))];
        parsed p(value);
        auto reference = test::debug_value::read(value);
        ASSERT_EQ(p.wrong.empty(), reference.has_value()) << value << ": " << p.wrong;
        ASSERT_LE(p.at, value.size());
        if (!reference) {
            ASSERT_EQ(debug_flags_any(p.switches), 0u) << value;
            continue;
        }
        good++;
        uint32_t any = debug_flags_any(p.switches);
        for (const char* cache : caches) {
            ASSERT_EQ(p.of(cache), reference->flags_of(cache)) << value << " for " << cache;
            ASSERT_EQ(p.of(cache) & ~any, 0u) << value;
        }
    }
    EXPECT_GT(good, 20000u / kSanitizerFactor);
}

}  // namespace
