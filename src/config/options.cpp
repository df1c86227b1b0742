#include "config/options.h"

#include "base/check.h"

namespace kslab {

namespace {

enum class option_kind : uint8_t { choice, size, number };

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
constexpr size_t kLongestName = 32;

size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

// Edits (insert, delete, replace) that turn one name into the other.
size_t edit_distance(const char* a, size_t a_length, const char* b) {
    size_t b_length = string_length(b);
    if (a_length > kLongestName || b_length > kLongestName) return kLongestName;
    uint8_t row[kLongestName + 1];
    for (size_t j = 0; j <= b_length; j++) row[j] = static_cast<uint8_t>(j);
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = static_cast<uint8_t>(i);
        for (size_t j = 1; j <= b_length; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = static_cast<uint8_t>(smallest(row[j] + size_t{1}, row[j - 1] + size_t{1}, replace));
        }
    }
    return row[b_length];
}

const option_row& nearest_row(const char* name, size_t length) {
    const option_row* best = &kRows[0];
    for (const option_row& row : kRows)
        if (edit_distance(name, length, row.name) < edit_distance(name, length, best->name)) best = &row;
    return *best;
}

void report_unknown(const char* name, size_t length) {
    report_line out;
    out->put(kPrefix).put(name, length < 64 ? length : 64).put(" is no option; did you mean ").put(kPrefix);
    out->put(nearest_row(name, length).name).put("? KSLAB_HELP=1 prints all");
}

void report_value(const option_row& row, const char* value) {
    report_line out;
    out->put(kPrefix).put(row.name).put("=").put(value, string_length(value) < 64 ? string_length(value) : 64);
    out->put(" is ignored: expected ").put(row.domain);
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

void set_option(options& into, const option_row& row, const char* value) {
    char* field = reinterpret_cast<char*>(&into) + row.offset;
    if (row.kind == option_kind::choice) {
        int index = choice_index(row.domain, value);
        if (index < 0) return report_value(row, value);
        *field = static_cast<char>(index);
        return;
    }
    size_t n;
    if (!parse_number(value, row.kind == option_kind::size, n)) return report_value(row, value);
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
    size_t n;
    __builtin_memcpy(&n, field, sizeof n);
    if (row.kind == option_kind::size)
        out.bytes(n);
    else
        out.dec(n);
}

}  // namespace

void options_read(options& into, char* const* environment) {
    for (char* const* variable = environment; *variable != nullptr; variable++) {
        bool ours = true;
        for (size_t i = 0; i < kPrefixLength && ours; i++) ours = (*variable)[i] == kPrefix[i];
        if (ours) read_variable(into, *variable + kPrefixLength);
    }
}

void options_print_help() {
    static constexpr options kDefaults;
    { report_line()->put("options, all of them environment variables (name, values, default, meaning)"); }
    for (const option_row& row : kRows) {
        report_line out;
        out->put("  KSLAB_").put(row.name).pad_to(28).put(row.domain).pad_to(47);
        put_value(*out.operator->(), row, kDefaults);
        out->pad_to(55).put(row.help);
    }
}

}  // namespace kslab
