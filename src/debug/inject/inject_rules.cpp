#include "debug/inject/inject_rules.h"

#include "base/format.h"
#include "config/debug_switches.h"

namespace kslab {

namespace {

using result = const char*;  // null, or what is wrong

constexpr result kWantsNumber = "a number is missing";
constexpr result kTooLarge = "the number is too large";

class rules_parser {
public:
    explicit rules_parser(inject_rules& rules) : rules_(rules), p_(rules.text) {}

    result parse() {
        for (;;) {
            if (result wrong = parse_pair()) return wrong;
            if (*p_ == '\0') break;
            p_++;  // the comma
        }
        if (!selects_) return "nothing says which allocations fail: nth, every, rate, size, cache or caller";
        if (rules_.nth != 0 && !times_given_) rules_.times = 1;
        return nullptr;
    }
    size_t at() const { return static_cast<size_t>(p_ - rules_.text); }

private:
    using method = result (rules_parser::*)();
    struct key {
        const char* name;
        method parse;
        bool selects;
    };

    static const key* find_key(const char* name, size_t length) {
        static constexpr key kKeys[] = {
            {"nth", &rules_parser::parse_nth, true},        {"every", &rules_parser::parse_every, true},
            {"interval", &rules_parser::parse_every, true}, {"rate", &rules_parser::parse_rate, true},
            {"times", &rules_parser::parse_times, false},   {"size", &rules_parser::parse_sizes, true},
            {"cache", &rules_parser::parse_cache, true},    {"caller", &rules_parser::parse_caller, true},
            {"seed", &rules_parser::parse_seed, false},     {"log", &rules_parser::parse_log, false},
        };
        for (const key& known : kKeys)
            if (equals_prefix(name, length, known.name)) return &known;
        return nullptr;
    }

    result parse_pair() {
        size_t length = 0;
        while (p_[length] != '\0' && p_[length] != ':' && p_[length] != ',') length++;
        const key* known = find_key(p_, length);
        if (known == nullptr) return "unknown key; nth, every, interval, rate, times, size, cache, caller, seed, log";
        if (p_[length] != ':') {
            p_ += length;
            return "':' and a value are missing";
        }
        p_ += length + 1;
        if (result wrong = (this->*known->parse)()) return wrong;
        if (*p_ != '\0' && *p_ != ',') return "a comma or the end is expected";
        selects_ |= known->selects;
        return nullptr;
    }

    bool at_digit() const { return *p_ >= '0' && *p_ <= '9'; }

    result parse_number(uint64_t& n) {
        if (!at_digit()) return kWantsNumber;
        n = 0;
        for (; at_digit(); p_++)
            if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, static_cast<uint64_t>(*p_ - '0'), &n))
                return kTooLarge;
        return nullptr;
    }

    result parse_positive(uint64_t& n) {
        const char* begin = p_;
        if (result wrong = parse_number(n)) return wrong;
        if (n != 0) return nullptr;
        p_ = begin;
        return "counting starts at 1";
    }

    result parse_size(uint64_t& n) {
        if (result wrong = parse_number(n)) return wrong;
        unsigned shift;
        switch (*p_ | 0x20) {
            case 'k': shift = 10; break;
            case 'm': shift = 20; break;
            case 'g': shift = 30; break;
            default: return nullptr;
        }
        if ((n << shift) >> shift != n) return kTooLarge;
        n <<= shift;
        p_++;
        return nullptr;
    }

    result parse_sizes() {
        rules_.least = 0;
        rules_.most = ~uint64_t{0};
        const char* begin = p_;
        if (*p_ != '-') {
            if (result wrong = parse_size(rules_.least)) return wrong;
            if (*p_ != '-') {
                rules_.most = rules_.least;
                return nullptr;
            }
        }
        p_++;
        if (p_ - begin == 1 || at_digit()) {
            if (result wrong = parse_size(rules_.most)) return wrong;
        }
        if (rules_.least <= rules_.most) return nullptr;
        p_ = begin;
        return "the smaller size comes first";
    }

    // Per cent with up to six decimals.
    result parse_rate() {
        const char* begin = p_;
        uint64_t percent;
        if (result wrong = parse_number(percent)) return wrong;
        uint64_t millionths = 0;
        if (*p_ == '.') {
            p_++;
            if (!at_digit()) return kWantsNumber;
            uint64_t unit = 100'000;
            for (; at_digit(); p_++, unit /= 10) millionths += unit * static_cast<uint64_t>(*p_ - '0');
        }
        if (*p_ == '%') p_++;
        if (percent > 100 || percent * 1'000'000 + millionths > inject_rules::kAlways) {
            p_ = begin;
            return "per cent, at most 100";
        }
        rules_.rate = static_cast<uint32_t>(percent * 1'000'000 + millionths);
        return nullptr;
    }

    result parse_times() {
        times_given_ = true;
        if (p_[0] == '-' && p_[1] == '1') {
            p_ += 2;
            rules_.times = inject_rules::kNoLimit;
            return nullptr;
        }
        return parse_number(rules_.times);
    }

    result parse_nth() { return parse_positive(rules_.nth); }
    result parse_every() { return parse_positive(rules_.every); }
    result parse_seed() { return parse_number(rules_.seed); }
    result parse_cache() { return parse_name(rules_.caches); }
    result parse_caller() { return parse_name(rules_.callers); }

    result parse_log() {
        if (*p_ != '0' && *p_ != '1') return "0 or 1 is expected";
        rules_.log = *p_++ == '1';
        return nullptr;
    }

    result parse_name(inject_rules::names& names) {
        const char* begin = p_;
        if (*p_ == '\0' || *p_ == ',') return "a name is missing";
        if (names.count == inject_rules::kNames) return "too many names, 8 at most";
        for (; *p_ != '\0' && *p_ != ','; p_++)
            if (*p_ == '*' && p_[1] != '\0' && p_[1] != ',') return "* belongs at the end of a name";
        names.list[names.count++] = {static_cast<uint16_t>(begin - rules_.text), static_cast<uint16_t>(p_ - begin)};
        return nullptr;
    }

    inject_rules& rules_;
    const char* p_;
    bool selects_ = false;
    bool times_given_ = false;
};

}  // namespace

const char* inject_rules_parse(inject_rules& into, const char* value, size_t& at) {
    into = inject_rules{};
    size_t length = string_length(value);
    at = inject_rules::kTextBytes - 1;
    if (length >= inject_rules::kTextBytes) return "longer than 511 characters";
    __builtin_memcpy(into.text, value, length);
    rules_parser parser(into);
    const char* wrong = parser.parse();
    at = parser.at();
    return wrong;
}

bool matches_any(const inject_rules& rules, const inject_rules::names& names, const char* name) {
    for (unsigned i = 0; i < names.count; i++)
        if (matches_patterns(rules.text + names.list[i].begin, names.list[i].length, name)) return true;
    return false;
}

}  // namespace kslab
