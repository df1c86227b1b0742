// KSLAB_DEBUG read a second time: the grammar in the plainest C++, to compare the real parser with.
#pragma once
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/debug_switches.h"

namespace test {

inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

inline bool glob(const std::string& pattern, const std::string& name) {
    if (pattern.empty()) return false;
    if (pattern.back() == '*') return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
    return pattern == name;
}

class debug_value {
public:
    // Nothing: the value is wrong.
    static std::optional<debug_value> read(const std::string& text) {
        if (text.size() > 511) return std::nullopt;
        debug_value result;
        for (const std::string& block_text : split(text, ';')) {
            if (block_text.empty()) continue;
            std::vector<std::string> parts = split(block_text, ',');
            block b;
            if (!letters(parts[0], b.flags)) return std::nullopt;
            b.names.assign(parts.begin() + 1, parts.end());
            for (const std::string& name : b.names)
                if (name.empty() || name.find('*') < name.size() - 1) return std::nullopt;
            result.blocks_.push_back(b);
        }
        if (result.blocks_.size() > 16) return std::nullopt;
        return result;
    }

    uint32_t flags_of(const std::string& cache) const {
        const block* found = nullptr;
        for (const block& b : blocks_)
            if (found == nullptr && std::any_of(b.names.begin(), b.names.end(), [&](auto& n) { return glob(n, cache); }))
                found = &b;
        for (auto b = blocks_.rbegin(); b != blocks_.rend() && found == nullptr; ++b)
            if (b->names.empty()) found = &*b;
        uint32_t flags = found == nullptr ? 0 : found->flags & ~uint32_t{kslab::kDebugKeepOrder};
        bool keep_order = std::any_of(blocks_.begin(), blocks_.end(), [](auto& b) { return b.flags & kslab::kDebugKeepOrder; });
        return flags != 0 && keep_order ? flags | kslab::kDebugKeepOrder : flags;
    }

private:
    struct block {
        uint32_t flags = 0;
        std::vector<std::string> names;
    };

    static bool letters(std::string text, uint32_t& flags) {
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
        if (text.empty()) text = "fzpu";
        if (text == "1") text = "fzpuql";
        if (text == "full") text = "fzpuqlg";
        if (text == "0" || text == "off" || text == "none") text = "-";
        for (char c : text) {
            // The bits in the order of the documentation: F Z P U T A O G Q L.
            size_t bit = std::string("fzputaogql").find(c);
            if (c == '-')
                flags = 0;
            else if (bit == std::string::npos)
                return false;
            else
                flags |= 1u << bit;
        }
        return true;
    }

    std::vector<block> blocks_;
};

}  // namespace test
