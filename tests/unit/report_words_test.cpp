// The words of reports: ages, counts, distances, articles, names; and that JSON stays JSON whatever a name holds.
#include <gtest/gtest.h>

#include "support/finding.h"

namespace {

using kslab::defect;
using kslab::object_state;
using test::made_finding;

template <typename F>
std::string made_by(F put) {
    char buffer[8192];
    kslab::text out(buffer, sizeof buffer);
    put(out);
    return {out.data(), out.length()};
}

std::string age(uint64_t milliseconds) {
    return made_by([&](kslab::text& out) { kslab::put_age(out, milliseconds); });
}
std::string json(const char* s) {
    return made_by([&](kslab::text& out) { kslab::json_put_string(out, s); });
}
std::string sentence(const made_finding& made) {
    return made_by([&](kslab::text& out) { kslab::report_put_sentence(out, made.f, test::fixed_context()); });
}
size_t lines_that_begin_with(const std::string& text, const std::string& prefix) {
    size_t count = 0;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        count += text.compare(at, prefix.size(), prefix) == 0;
    return count;
}

TEST(report_words, ages) {
    EXPECT_EQ(age(0), "0 ms ago");
    EXPECT_EQ(age(99), "99 ms ago");
    EXPECT_EQ(age(100), "0.1 s ago");
    EXPECT_EQ(age(2399), "2.3 s ago");
    EXPECT_EQ(age(119999), "119.9 s ago");
    EXPECT_EQ(age(120000), "2 min ago");
    EXPECT_EQ(age(7200000), "2 h ago");
}

TEST(report_words, a_track_ages_across_the_wrap_of_its_clock) {
    kslab::report_context context = test::fixed_context();
    context.now = (uint64_t{7} << 32) + 5;
    uint64_t passed = 0;
    ASSERT_TRUE(kslab::track_age({0, 0, 0xfffffffe}, context, passed));
    EXPECT_EQ(passed, 7u);
    EXPECT_FALSE(kslab::track_age({0, 0, 0}, context, passed));
    context.has_clock = false;
    EXPECT_FALSE(kslab::track_age({0, 0, 1}, context, passed));
}

std::string reads_past(size_t requested, size_t distance) {
    made_finding made(defect::read_past_end);
    made.object(object_state::live, requested);
    made.f.address = made.f.where.object_end() + distance;
    return sentence(made);
}

TEST(report_words, distances_and_articles) {
    EXPECT_EQ(reads_past(8, 0), "heap overflow: a read just past the end of an 8-byte object");
    EXPECT_EQ(reads_past(11, 1), "heap overflow: a read 1 byte past the end of an 11-byte object");
    EXPECT_EQ(reads_past(18000, 2), "heap overflow: a read 2 bytes past the end of an 18000-byte object");
    EXPECT_EQ(reads_past(80, 2), "heap overflow: a read 2 bytes past the end of an 80-byte object");
    EXPECT_EQ(reads_past(110, 2), "heap overflow: a read 2 bytes past the end of a 110-byte object");
    EXPECT_EQ(reads_past(0, 2), "heap overflow: a read 2 bytes past the end of a 0-byte object");
}

TEST(report_words, a_mismatch_advises_what_fits_the_allocation) {
    made_finding made(defect::mismatch);
    made.object(object_state::live);
    made.f.record.allocated_by = kslab::call_kind::new_array;
    made.f.how.kind = kslab::call_kind::free;
    EXPECT_EQ(sentence(made), "mismatched free: memory from operator new[] was freed with free(): use delete[]");
}

TEST(report_words, what_only_uses_an_object_is_no_free) {
    made_finding made(defect::double_free);
    made.object(object_state::free);
    made.f.how.kind = kslab::call_kind::realloc;
    EXPECT_EQ(sentence(made), "use after free: realloc() of a 40-byte object that was freed 0.1 s ago");
    made.f.what = defect::invalid_free;
    made.f.has_object = false;
    made.f.how.kind = kslab::call_kind::usable_size;
    EXPECT_EQ(sentence(made), "invalid pointer: malloc_usable_size() of a pointer that was never allocated");
}

TEST(report_words, json_strings) {
    EXPECT_EQ(json("plain"), "\"plain\"");
    EXPECT_EQ(json("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(json("\n\t\x01\x7f"), "\"\\u000a\\u0009\\u0001\\u007f\"");
    EXPECT_EQ(json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    // Not UTF-8: a lone byte, a cut sequence, an overlong one, a surrogate, beyond the last code point.
    EXPECT_EQ(json("\xff"), "\"\\ufffd\"");
    EXPECT_EQ(json("\xe2\x82"), "\"\\ufffd\\ufffd\"");
    EXPECT_EQ(json("\xc0\xaf"), "\"\\ufffd\\ufffd\"");
    EXPECT_EQ(json("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
    EXPECT_EQ(json("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(report_words, names_from_outside_make_no_lines) {
    made_finding made(defect::double_free);
    made.object(object_state::free);
    made.f.cache_name = "evil\nBUG cache";
    made.f.detail = "more\nBUG detail";
    kslab::report_context context = test::fixed_context();
    context.program = "pro\ngram\nBUG x";
    EXPECT_EQ(lines_that_begin_with(text_of(made, context), "BUG "), 1u);
    std::string line = json_of(made, context);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

// Stacks of 64 frames in files with long names, three of them: the report ends in good order all the same.
char long_path[4001];
kslab::module_place long_module(uintptr_t address) {
    kslab::module_place where{};
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[0] = '/';
    where.path = long_path;
    where.offset = address;
    return where;
}
kslab::stack_view long_stack(uint32_t) {
    static uintptr_t frames[kslab::kMaxDepth];
    return {frames, kslab::kMaxDepth, kslab::stack_source::unwind_tables};
}

TEST(report_words, long_stacks_are_cut_and_the_rest_is_there) {
    made_finding made(defect::double_free);
    made.object(object_state::free);
    made.called(kslab::call_kind::free, "free()");
    made.f.fixed = "the free was dropped";
    kslab::report_context context = test::fixed_context();
    context.module_of = long_module;
    context.stack_of = long_stack;
    std::string text = text_of(made, context);
    EXPECT_NE(text.find(" more frame"), std::string::npos);
    EXPECT_NE(text.find("\nFIX kmalloc-64: the free was dropped\n\n"), std::string::npos);
    std::string line = json_of(made, context);
    EXPECT_EQ(line.substr(line.size() - 30), "\"fix\":\"the free was dropped\"}\n") << line.size();
}

std::string log_name(const char* pattern) {
    bool fits = true;
    std::string name = made_by([&](kslab::text& out) { fits = kslab::report_log_name(out, pattern, "demo", 42); });
    return fits ? name : "(too long)";
}

TEST(report_words, names_of_logs) {
    EXPECT_EQ(log_name("/tmp/log"), "/tmp/log");
    EXPECT_EQ(log_name("/tmp/%e.%p.log"), "/tmp/demo.42.log");
    EXPECT_EQ(log_name("100%%-%p"), "100%-42");
    EXPECT_EQ(log_name("%x%"), "%x%");
    EXPECT_EQ(log_name(std::string(600, 'x').c_str()), "(too long)");
    std::string many;
    for (int i = 0; i < 200; i++) many += "%e";
    EXPECT_EQ(log_name(many.c_str()), "(too long)");
}

}  // namespace
