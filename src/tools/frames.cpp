#include "tools/frames.h"

#include <charconv>

#include "tools/json.h"

namespace tools {

namespace {

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<uint64_t> parse_hex(std::string_view text) {
    uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

// The system writes a newline in a path as \012.
std::string without_escapes(std::string_view path) {
    std::string out;
    for (size_t i = 0; i < path.size(); i++) {
        if (path.substr(i, 4) == "\\012") {
            out += '\n';
            i += 3;
        } else {
            out += path[i];
        }
    }
    return out;
}

}  // namespace

std::string base_name(std::string_view path) {
    size_t slash = path.rfind('/');
    return std::string(slash == path.npos ? path : path.substr(slash + 1));
}

std::string hex(uint64_t n) {
    char digits[16];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, n, 16);
    return "0x" + std::string(digits, end);
}

std::string code_place::short_name() const { return base_name(module) + "+" + hex(offset); }

std::optional<text_frame> parse_text_frame(std::string_view line) {
    size_t number = line.find_first_not_of(" \t");
    if (number == line.npos || line[number] != '#') return std::nullopt;
    size_t blank = line.find(' ', number);
    if (blank == line.npos || blank == number + 1) return std::nullopt;
    if (line.substr(number + 1, blank - number - 1).find_first_not_of("0123456789") != line.npos) return std::nullopt;

    text_frame frame{std::string(line.substr(0, blank + 1)), {}};
    std::string_view rest = line.substr(blank + 1);
    if (!take(rest, "?? (")) return std::nullopt;
    // From the end: a path may hold anything.
    if (rest.ends_with(" exact")) {
        frame.place.exact = true;
        rest.remove_suffix(6);
    }
    constexpr std::string_view kBuildId = " [build-id ";
    size_t id = rest.rfind(kBuildId);
    if (rest.ends_with("]") && id != rest.npos) {
        frame.place.build_id = rest.substr(id + kBuildId.size(), rest.size() - id - kBuildId.size() - 1);
        if (!is_hex(frame.place.build_id)) return std::nullopt;
        rest.remove_suffix(rest.size() - id);
    }
    size_t plus = rest.rfind("+0x");
    if (!rest.ends_with(")") || plus == rest.npos || plus == 0) return std::nullopt;
    auto offset = parse_hex(rest.substr(plus + 3, rest.size() - plus - 4));
    if (!offset) return std::nullopt;
    frame.place.offset = *offset;
    frame.place.module = without_escapes(rest.substr(0, plus));
    return frame;
}

std::optional<code_place> parse_json_frame(std::string_view line, size_t at, size_t& end) {
    json value;
    size_t stop = 0;
    if (!parse_json(line.substr(at), value, stop) || value.type != json::kind::object) return std::nullopt;
    const json* module = value.find("module");
    const json* offset = value.find("offset");
    if (module == nullptr || offset == nullptr || value.find("function") != nullptr) return std::nullopt;
    if (module->text.empty() || !offset->text.starts_with("0x")) return std::nullopt;
    auto number = parse_hex(std::string_view(offset->text).substr(2));
    if (!number) return std::nullopt;
    code_place place{without_escapes(module->text), *number, value.text_of("build_id"), false};
    if (const json* exact = value.find("exact")) place.exact = exact->truth;
    end = at + stop - 1;
    return place;
}

}  // namespace tools
