// KSLAB_FAIL: what is read, which allocations fail, and that the same seed gives the same ones.
#include "debug/inject/inject.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "cache/kmem_cache.h"
#include "debug/inject/inject_rules.h"
#include "support/child.h"
#include "support/fail_value.h"
#include "support/random.h"

namespace {

using namespace kslab;

struct parsed {
    inject_rules rules;
    std::string wrong;
    size_t at = 0;

    explicit parsed(const std::string& value) {
        const char* complaint = inject_rules_parse(rules, value.c_str(), at);
        if (complaint != nullptr) wrong = complaint;
    }
};

// Which of `count` allocations of `size` bytes fail, from 1.
std::vector<unsigned> failures(const std::string& value, unsigned count = 20, size_t size = 40, const char* name = "demo") {
    parsed p(value);
    EXPECT_EQ(p.wrong, "") << value;
    inject_start(p.rules);
    kslab::kmem_cache cache{};
    strcpy(cache.name, name);
    call how{call_kind::malloc, size};
    std::vector<unsigned> result;
    for (unsigned i = 1; i <= count; i++)
        if (inject_should_fail(&cache, how)) result.push_back(i);
    inject_stop();
    return result;
}

using numbers = std::vector<unsigned>;

TEST(inject, the_nth_fails_and_no_other) {
    EXPECT_EQ(failures("nth:1"), numbers({1}));
    EXPECT_EQ(failures("nth:7"), numbers({7}));
    EXPECT_EQ(failures("nth:7,times:3"), numbers({7, 8, 9}));
    EXPECT_EQ(failures("times:3,nth:18"), numbers({18, 19, 20}));
    EXPECT_EQ(failures("nth:18,times:-1"), numbers({18, 19, 20}));
    EXPECT_EQ(failures("nth:21"), numbers());
    EXPECT_EQ(failures("nth:5,times:0"), numbers());
}

TEST(inject, every_nth_fails) {
    EXPECT_EQ(failures("every:6"), numbers({6, 12, 18}));
    EXPECT_EQ(failures("interval:6"), numbers({6, 12, 18}));
    EXPECT_EQ(failures("every:6,times:2"), numbers({6, 12}));
    EXPECT_EQ(failures("nth:5,every:6,times:-1"), numbers({5, 11, 17}));
    EXPECT_EQ(failures("every:1").size(), 20u);
}

TEST(inject, a_rate_is_kept_and_repeatable) {
    for (double percent : {0.1, 1.0, 12.5, 50.0, 99.0}) {
        std::string value = "rate:" + std::to_string(percent);
        size_t found = failures(value, 200000).size();
        double expected = 2000 * percent;
        EXPECT_NEAR(static_cast<double>(found), expected, 5 * std::sqrt(expected)) << value;
        EXPECT_EQ(failures(value, 1000), failures(value, 1000));
    }
    EXPECT_EQ(failures("rate:100").size(), 20u);
    EXPECT_EQ(failures("rate:0").size(), 0u);
    EXPECT_NE(failures("rate:10,seed:1", 1000), failures("rate:10,seed:2", 1000));
    EXPECT_EQ(failures("rate:50,times:4", 1000).size(), 4u);
    for (unsigned n : failures("rate:50,every:5", 1000)) EXPECT_EQ(n % 5, 0u);
}

TEST(inject, only_sizes_that_are_meant) {
    struct {
        const char* value;
        size_t size;
        bool fails;
    } rows[] = {{"size:40", 40, true},       {"size:40", 41, false},      {"size:40-64", 39, false},  {"size:40-64", 40, true},
                {"size:40-64", 64, true},    {"size:40-64", 65, false},   {"size:4K-", 4096, true},   {"size:4K-", 4095, false},
                {"size:-1m", 1 << 20, true}, {"size:-1M", 1 << 21, false}, {"size:1g-2G", 1 << 30, true}, {"size:0", 0, true}};
    for (auto& row : rows)
        EXPECT_EQ(!failures(row.value, 1, row.size).empty(), row.fails) << row.value << ' ' << row.size;
}

TEST(inject, those_that_do_not_qualify_are_not_counted) {
    parsed p("nth:2,size:100");
    inject_start(p.rules);
    kslab::kmem_cache cache{};
    call small{call_kind::malloc, 10};
    call large{call_kind::malloc, 100};
    EXPECT_FALSE(inject_should_fail(&cache, large));
    for (int i = 0; i < 5; i++) EXPECT_FALSE(inject_should_fail(&cache, small));
    EXPECT_TRUE(inject_should_fail(&cache, large));
    EXPECT_EQ(inject_read_stats().asked, 2u);
    EXPECT_EQ(inject_read_stats().failed, 1u);
    inject_stop();
}

TEST(inject, only_caches_that_are_meant) {
    EXPECT_EQ(failures("cache:demo").size(), 20u);
    EXPECT_EQ(failures("cache:dem").size(), 0u);
    EXPECT_EQ(failures("cache:de*").size(), 20u);
    EXPECT_EQ(failures("cache:other,cache:demo,nth:3"), numbers({3}));
    parsed p("cache:kmalloc-large");
    inject_start(p.rules);
    EXPECT_TRUE(inject_should_fail(nullptr, {call_kind::malloc, 100000}));
    inject_stop();
}

TEST(inject, nothing_fails_unless_started) {
    EXPECT_FALSE(inject_active());
    EXPECT_FALSE(inject_should_fail(nullptr, {call_kind::malloc, 1}));
}

TEST(inject, the_last_failure_is_known) {
    parsed p("nth:2");
    inject_start(p.rules);
    injected_failure last;
    inject_should_fail(nullptr, {call_kind::malloc, 100000});
    EXPECT_FALSE(inject_last_failure(last));
    inject_should_fail(nullptr, {call_kind::calloc, 200000});
    ASSERT_TRUE(inject_last_failure(last));
    EXPECT_EQ(last.how.kind, call_kind::calloc);
    EXPECT_EQ(last.how.size, 200000u);
    inject_stop();
}

TEST(inject, threads_share_one_count) {
    parsed p("every:10,times:5000");
    inject_start(p.rules);
    constexpr unsigned kThreads = 4, kEach = 20000;
    std::atomic<unsigned> found{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; t++)
        threads.emplace_back([&found] {
            for (unsigned i = 0; i < kEach; i++)
                if (inject_should_fail(nullptr, {call_kind::malloc, 100000})) found++;
        });
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(found, 5000u);
    EXPECT_EQ(inject_read_stats().asked, kThreads * kEach);
    EXPECT_EQ(inject_read_stats().failed, 5000u);
    inject_stop();
}

TEST(inject, what_is_wrong_is_said_with_its_place) {
    struct {
        const char* value;
        size_t at;
        const char* words;
    } rows[] = {{"nht:3", 0, "unknown key; nth, every"},
                {"nth:3,", 6, "unknown key"},
                {"nth", 3, "a value are missing"},
                {"nth:", 4, "number is missing"},
                {"nth:0", 4, "counting starts at 1"},
                {"every:0", 6, "counting starts at 1"},
                {"nth:3x", 5, "a comma or the end"},
                {"nth:3;every:2", 5, "a comma or the end"},
                {"nth:99999999999999999999", 23, "too large"},
                {"rate:100.1", 5, "per cent, at most 100"},
                {"rate:.5", 5, "number is missing"},
                {"rate:1.", 7, "number is missing"},
                {"rate:-1", 5, "number is missing"},
                {"nth:1,times:-2", 12, "number is missing"},
                {"size:10-5", 5, "smaller size comes first"},
                {"size:-", 6, "number is missing"},
                {"size:17179869184G", 16, "too large"},
                {"size:1T", 6, "a comma or the end"},
                {"cache:", 6, "name is missing"},
                {"cache:a*b", 7, "end of a name"},
                {"log:1", 5, "which allocations fail"},
                {"times:3", 7, "which allocations fail"},
                {"nth:1,log:2", 10, "0 or 1"}};
    for (auto& row : rows) {
        parsed p(row.value);
        EXPECT_NE(p.wrong.find(row.words), std::string::npos) << row.value << ": " << p.wrong;
        EXPECT_EQ(p.at, row.at) << row.value;
    }
    std::string names;
    for (int i = 0; i < 9; i++) names += (i ? ",cache:c" : "cache:c") + std::to_string(i);
    EXPECT_NE(parsed(names).wrong.find("too many names"), std::string::npos);
    EXPECT_NE(parsed("cache:" + std::string(506, 'n')).wrong.find("longer than 511"), std::string::npos);
    EXPECT_EQ(parsed("cache:" + std::string(505, 'n')).wrong, "");
}

TEST(inject, agrees_with_a_second_reader) {
    const char* pieces[] = {"nth:",  "every:", "interval:", "rate:", "times:", "size:", "cache:", "caller:", "seed:", "log:",
                            ",",     ",",      ",",         "1",     "0",      "40",    "100",    "-1",      "-",     ".5",
                            "K",     "m",      "G",         "%",     "*",      "kmalloc-*", "x",  ":",       "99999999999999999999"};
    test::random dice(4711);
    size_t good = 0;
    for (unsigned round = 0; round < 300000 / kSanitizerFactor; round++) {
        std::string value;
        for (size_t n = dice.between(1, 4); n > 0; n--) {
            value += pieces[dice.below(10)];
            for (size_t m = dice.one_in(20) ? dice.below(5) : dice.between(1, 2); m > 0; m--) value += pieces[13 + dice.below(16)];
            if (n > 1) value += ',';
        }
        if (dice.one_in(10)) value[dice.below(value.size())] = static_cast<char>(dice.below(255) + 1);
        parsed p(value);
        auto reference = test::fail_value::read(value);
        ASSERT_EQ(p.wrong.empty(), reference.has_value()) << value << ": " << p.wrong;
        ASSERT_LE(p.at, value.size());
        if (!reference) continue;
        good++;
        ASSERT_TRUE(reference->same_as(p.rules)) << value;
    }
    EXPECT_GT(good, 20000u / kSanitizerFactor);
}

}  // namespace
