#include "config/options.h"

#include "base/check.h"
#include "config/excerpt.h"
#include "config/nearest_name.h"

namespace kslab {

namespace {

enum class option_kind : uint8_t { choice, size, number, text };

struct option_row {
    const char* name;
    option_kind kind;
    uint16_t offset;
    const char* domain;
    const char* help;
};

constexpr option_row kRows[] = {
#define KSLAB_OPTION_ROW(kind, name, field, type, initial, domain, help) \
    {#name, option_kind::kind, __builtin_offsetof(options, field), domain, help},
    KSLAB_OPTIONS(KSLAB_OPTION_ROW)
#undef KSLAB_OPTION_ROW
};

constexpr char kPrefix[] = "KSLAB_";
constexpr size_t kPrefixLength = sizeof kPrefix - 1;
// Null when none is near: more than half of the letters are different.
const option_row* nearest_row(const char* name, size_t length) {
    nearest_name search(name, length);
    const option_row* best = nullptr;
    for (const option_row& row : kRows)
        if (search.is_nearer(row.name)) best = &row;
    return best;
}

void report_unknown(const char* name, size_t length) {
    report_line out;
    put_excerpt(out->put(kPrefix), name, length).put(" is no option; ");
    if (const option_row* near = nearest_row(name, length)) out->put("did you mean ").put(kPrefix).put(near->name).put("? ");
    out->put("KSLAB_HELP=1 prints all");
}

// The line that says so is written when it goes out of scope.
text& ignored(report_line& out, const option_row& row, const char* value) {
    return put_excerpt(out->put(kPrefix).put(row.name).put('='), value).put(" is ignored: ");
}

void report_value(const option_row& row, const char* value) {
    report_line out;
    ignored(out, row, value).put("expected ").put(row.domain);
    if (row.kind == option_kind::size) out->put(", with K, M, G or T behind the number if you like");
}

// The position of `value` in "a|b|c", -1 when it is not there.
int choice_index(const char* choices, const char* value) {
    for (int index = 0;; index++) {
        size_t length = 0;
        while (choices[length] != '\0' && choices[length] != '|') length++;
        if (equals_prefix(choices, length, value)) return index;
        if (choices[length] == '\0') return -1;
        choices += length + 1;
    }
}

unsigned unit_shift(char unit) {
    switch (unit | 0x20) {
        case 'k': return 10;
        case 'm': return 20;
        case 'g': return 30;
        case 't': return 40;
        default: return 0;
    }
}

bool parse_number(const char* value, bool units, size_t& result) {
    size_t n = 0;
    const char* p = value;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, static_cast<size_t>(*p - '0'), &n))
            return false;
    if (p == value) return false;
    if (*p != '\0' && units) {
        unsigned shift = unit_shift(*p++);
        if (shift == 0 || (n << shift) >> shift != n) return false;
        n <<= shift;
    }
    result = n;
    return *p == '\0';
}

// "0..255": whether n lies between. Any other domain has no bounds.
bool within_domain(const char* domain, size_t n) {
    size_t bound[2] = {0, 0};
    const char* p = domain;
    for (size_t& b : bound) {
        if (*p < '0' || *p > '9') return true;
        while (*p >= '0' && *p <= '9') b = b * 10 + static_cast<size_t>(*p++ - '0');
        while (*p == '.') p++;
    }
    return n >= bound[0] && n <= bound[1];
}

void set_text(option_text& into, const option_row& row, const char* value) {
    size_t length = string_length(value);
    if (length < kOptionTextBytes) {
        __builtin_memcpy(into.text, value, length + 1);
        return;
    }
    report_line out;
    ignored(out, row, value).put("longer than ").dec(kOptionTextBytes - 1).put(" characters");
}

void set_option(options& into, const option_row& row, const char* value) {
    char* field = reinterpret_cast<char*>(&into) + row.offset;
    if (row.kind == option_kind::choice) {
        int index = choice_index(row.domain, value);
        if (index < 0) return report_value(row, value);
        *field = static_cast<char>(index);
        return;
    }
    if (row.kind == option_kind::text) return set_text(*reinterpret_cast<option_text*>(field), row, value);
    size_t n;
    if (!parse_number(value, row.kind == option_kind::size, n) || !within_domain(row.domain, n))
        return report_value(row, value);
    __builtin_memcpy(field, &n, sizeof n);
}

void read_variable(options& into, const char* name) {
    size_t length = 0;
    while (name[length] != '\0' && name[length] != '=') length++;
    if (name[length] != '=' || name[length + 1] == '\0') return;  // empty means not set
    for (const option_row& row : kRows)
        if (equals_prefix(name, length, row.name)) return set_option(into, row, name + length + 1);
    report_unknown(name, length);
}

// A choice in words, a number with its unit.
void put_value(text& out, const option_row& row, const options& values) {
    const char* field = reinterpret_cast<const char*>(&values) + row.offset;
    if (row.kind == option_kind::choice) {
        const char* choice = row.domain;
        for (int skip = *field; skip > 0; choice++)
            if (*choice == '|') skip--;
        while (*choice != '\0' && *choice != '|') out.put(*choice++);
        return;
    }
    if (row.kind == option_kind::text) {
        out.put(*field == '\0' ? "unset" : field);
        return;
    }
    size_t n;
    __builtin_memcpy(&n, field, sizeof n);
    if (row.kind == option_kind::size)
        out.bytes(n);
    else
        out.dec(n);
}

// The columns of the table of KSLAB_HELP are as wide as their widest entry; "kslab: " precedes each line.
constexpr size_t kMargin = 7;
constexpr size_t kWidestDefault = 8;  // "continue"

constexpr size_t widest(const char* option_row::* column) {
    size_t most = 0;
    for (const option_row& row : kRows) {
        size_t length = __builtin_strlen(row.*column);
        if (length > most) most = length;
    }
    return most;
}

constexpr options kDefaults{};

}  // namespace

bool options_read(options& into, char* const* environment) {
    bool any = false;
    for (char* const* variable = environment; *variable != nullptr; variable++) {
        bool ours = true;
        for (size_t i = 0; i < kPrefixLength && ours; i++) ours = (*variable)[i] == kPrefix[i];
        if (ours) read_variable(into, *variable + kPrefixLength);
        any |= ours;
    }
    return any;
}

void options_say_idle(const options& read) {
    if (read.slabinfo_signal != 0 && read.slabinfo.text[0] == '\0')
        report_line()->put(kPrefix).put("SLABINFO_SIGNAL does nothing without KSLAB_SLABINFO");
    if (read.debug.text[0] != '\0' || read.sample_guard != 0) return;
    const struct {
        const char* name;
        bool set;
    } rows[] = {{"DEBUG_EXE", read.debug_exe.text[0] != '\0'},
                {"GUARD_MEMORY", read.guard_memory != 0},
                {"EXITCODE", read.exitcode != 0},
                {"LEAK_EXITCODE", read.leak_exitcode != 0},
                {"VALIDATE", read.validate_every != 0},
                {"SIGNAL", read.report_signal != 0},
                {"LEAKS", read.leaks != leak_listing::leaks},
                {"ON_ERROR", read.error_action != on_error::go_on},
                {"GUARD", read.guard != guard_side::aligned},
                {"GUARD_SITE", read.guard_site != kDefaults.guard_site},
                {"QUARANTINE", read.quarantine != kDefaults.quarantine},
                {"REPORT_LIMIT", read.report_limit != kDefaults.report_limit}};
    for (auto& row : rows)
        if (row.set) report_line()->put(kPrefix).put(row.name).put(" does nothing without KSLAB_DEBUG");
}

namespace {

bool differs(const option_row& row, const options& one, const options& other) {
    const char* fields[] = {reinterpret_cast<const char*>(&one) + row.offset, reinterpret_cast<const char*>(&other) + row.offset};
    if (row.kind == option_kind::text) return string_length(fields[0]) != string_length(fields[1]);  // the defaults are empty
    return __builtin_memcmp(fields[0], fields[1], row.kind == option_kind::choice ? 1 : sizeof(size_t)) != 0;
}

// That it is verbose, and what is debugged; and what the kslab command sets for those that it starts.
bool is_said_anyway(const option_row& row) {
    constexpr size_t kThose[] = {__builtin_offsetof(options, verbose), __builtin_offsetof(options, debug),
                                 __builtin_offsetof(options, debug_exe), __builtin_offsetof(options, symbolizer)};
    for (size_t offset : kThose)
        if (row.offset == offset) return true;
    return false;
}

}  // namespace

void options_put_changed(text& out, const options& read) {
    const char* before = "; with ";
    for (const option_row& row : kRows) {
        if (is_said_anyway(row) || !differs(row, read, kDefaults)) continue;
        out.put(before).put(kPrefix).put(row.name).put('=');
        if (row.kind == option_kind::text)
            put_excerpt(out, reinterpret_cast<const char*>(&read) + row.offset);
        else
            put_value(out, row, read);
        before = ", ";
    }
}

namespace {

// The columns of the table.
constexpr size_t kIndent = 2;
constexpr size_t kValues = kIndent + kPrefixLength + widest(&option_row::name) + 2;
constexpr size_t kDefault = kValues + widest(&option_row::domain) + 2;
constexpr size_t kMeaning = kDefault + kWidestDefault + 2;

void print_head() {
    report_line out;
    out->pad_to(kMargin + kIndent).put("name").pad_to(kMargin + kValues).put("values");
    out->pad_to(kMargin + kDefault).put("default").pad_to(kMargin + kMeaning).put("meaning");
}

void print_row(const option_row& row) {
    report_line out;
    out->pad_to(kMargin + kIndent).put(kPrefix).put(row.name).pad_to(kMargin + kValues).put(row.domain);
    put_value(out->pad_to(kMargin + kDefault), row, kDefaults);
    out->pad_to(kMargin + kMeaning).put(row.help);
}

}  // namespace

void options_print_help() {
    { report_line()->put("options, all of them environment variables"); }
    print_head();
    for (const option_row& row : kRows) print_row(row);
}

}  // namespace kslab
