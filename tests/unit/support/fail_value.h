// KSLAB_FAIL read a second time, in the plainest C++, to compare the real parser with.
#pragma once
#include <cmath>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "debug/inject/inject_rules.h"
#include "support/debug_value.h"

namespace test {

class fail_value {
public:
    static std::optional<fail_value> read(const std::string& text) {
        if (text.size() > 511) return std::nullopt;
        fail_value result;
        bool selects = false;
        for (const std::string& pair : split(text, ',')) {
            size_t colon = pair.find(':');
            if (colon == std::string::npos) return std::nullopt;
            std::string key = pair.substr(0, colon);
            if (!result.take(key, pair.substr(colon + 1))) return std::nullopt;
            selects |= key != "times" && key != "seed" && key != "log";
        }
        if (!selects) return std::nullopt;
        return result;
    }

    bool same_as(const kslab::inject_rules& rules) const {
        uint64_t most_failures = times_ ? *times_ : nth_ ? 1 : ~uint64_t{0};
        return rules.nth == nth_.value_or(0) && rules.every == every_ && rules.times == most_failures && rules.least == least_ &&
               rules.most == most_ && rules.seed == seed_ && rules.log == log_ && rules.rate == std::llround(rate_ * 1e6) &&
               names_of(rules, rules.caches) == caches_ && names_of(rules, rules.callers) == callers_;
    }

private:
    bool take(const std::string& key, const std::string& value) {
        if (key == "nth") return positive(value, nth_.emplace());
        if (key == "every" || key == "interval") return positive(value, every_);
        if (key == "seed") return number(value, seed_);
        if (key == "rate") return rate(value);
        if (key == "size") return sizes(value);
        if (key == "cache") return name(value, caches_);
        if (key == "caller") return name(value, callers_);
        if (key == "log") return log_ = value == "1", value == "0" || value == "1";
        if (key == "times" && value == "-1") return times_ = ~uint64_t{0}, true;
        return key == "times" && number(value, times_.emplace());
    }

    static bool number(const std::string& text, uint64_t& n) {
        if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return false;
        errno = 0;
        n = strtoull(text.c_str(), nullptr, 10);
        return errno == 0;
    }
    static bool positive(const std::string& text, uint64_t& n) { return number(text, n) && n > 0; }

    bool rate(const std::string& text) {
        static const std::regex form("([0-9]+)([.]([0-9]+))?%?");
        std::smatch part;
        if (!std::regex_match(text, part, form)) return false;
        // Decimals behind the sixth do not count.
        rate_ = strtod((part[1].str() + "." + part[3].str().substr(0, 6)).c_str(), nullptr);
        return rate_ <= 100;
    }

    static bool size(std::string text, uint64_t& n) {
        unsigned shift = 0;
        std::string units = "kKmMgG";
        if (!text.empty() && units.find(text.back()) != std::string::npos) {
            shift = 10 * static_cast<unsigned>(units.find(text.back()) / 2 + 1);
            text.pop_back();
        }
        if (!number(text, n) || n > ~uint64_t{0} >> shift) return false;
        n <<= shift;
        return true;
    }

    bool sizes(const std::string& text) {
        least_ = 0;
        most_ = ~uint64_t{0};
        size_t dash = text.find('-');
        if (dash == std::string::npos) {
            if (!size(text, least_)) return false;
            most_ = least_;
            return true;
        }
        std::string low = text.substr(0, dash), high = text.substr(dash + 1);
        if (low.empty() && high.empty()) return false;
        return (low.empty() || size(low, least_)) && (high.empty() || size(high, most_)) && least_ <= most_;
    }

    static bool name(const std::string& text, std::vector<std::string>& into) {
        into.push_back(text);
        return !text.empty() && into.size() <= 8 && text.find('*') >= text.size() - 1;
    }

    static std::vector<std::string> names_of(const kslab::inject_rules& rules, const kslab::inject_rules::names& names) {
        std::vector<std::string> result;
        for (unsigned i = 0; i < names.count; i++) result.emplace_back(rules.text + names.list[i].begin, names.list[i].length);
        return result;
    }

    std::optional<uint64_t> nth_, times_;
    uint64_t every_ = 1, least_ = 0, most_ = ~uint64_t{0}, seed_ = 0;
    double rate_ = 100;
    bool log_ = false;
    std::vector<std::string> caches_, callers_;
};

}  // namespace test
