#include "tools/json.h"

#include <cstdio>

namespace tools {

json json::number(long long n) {
    json value;
    value.type = kind::number;
    value.text = std::to_string(n);
    return value;
}

json json::boolean(bool b) {
    json value;
    value.type = kind::truth;
    value.truth = b;
    return value;
}

const json* json::find(std::string_view name) const {
    for (const auto& [key, value] : members)
        if (key == name) return &value;
    return nullptr;
}

std::string json::text_of(std::string_view name) const {
    const json* value = find(name);
    return value == nullptr ? "" : value->text;
}

namespace {

constexpr unsigned kDeepest = 64;

class parser {
public:
    explicit parser(std::string_view in) : in_(in) {}

    bool value(json& out, unsigned depth = 0) {
        skip_blanks();
        if (at_ == in_.size() || depth > kDeepest) return false;
        switch (in_[at_]) {
            case '{': return object(out, depth);
            case '[': return array(out, depth);
            case '"': out.type = json::kind::string; return string(out.text);
            case 't': out = json::boolean(true); return word("true");
            case 'f': out = json::boolean(false); return word("false");
            case 'n': out = json(); return word("null");
            default: return number(out);
        }
    }
    size_t at() const { return at_; }

private:
    void skip_blanks() {
        while (at_ < in_.size() && (in_[at_] == ' ' || in_[at_] == '\t' || in_[at_] == '\n' || in_[at_] == '\r')) at_++;
    }
    bool take(char c) {
        skip_blanks();
        if (at_ == in_.size() || in_[at_] != c) return false;
        at_++;
        return true;
    }
    bool word(std::string_view w) {
        if (in_.substr(at_, w.size()) != w) return false;
        at_ += w.size();
        return true;
    }
    bool number(json& out) {
        size_t end = in_.find_first_not_of("+-.0123456789eE", at_);
        if (end == in_.npos) end = in_.size();
        if (end == at_) return false;
        out.type = json::kind::number;
        out.text = in_.substr(at_, end - at_);
        at_ = end;
        return true;
    }
    bool object(json& out, unsigned depth) {
        out = json::object();
        at_++;
        if (take('}')) return true;
        do {
            std::string name;
            json member;
            skip_blanks();
            if (!string(name) || !take(':') || !value(member, depth + 1)) return false;
            out.set(std::move(name), std::move(member));
        } while (take(','));
        return take('}');
    }
    bool array(json& out, unsigned depth) {
        out = json::array();
        at_++;
        if (take(']')) return true;
        do {
            json item;
            if (!value(item, depth + 1)) return false;
            out.add(std::move(item));
        } while (take(','));
        return take(']');
    }
    bool string(std::string& out) {
        if (at_ == in_.size() || in_[at_] != '"') return false;
        for (at_++; at_ < in_.size(); at_++) {
            char c = in_[at_];
            if (c == '"') return at_++, true;
            if (c != '\\') {
                out += c;
            } else if (!escape(out)) {
                return false;
            }
        }
        return false;
    }
    // At the backslash; leaves off at the last character of the escape.
    bool escape(std::string& out) {
        if (++at_ == in_.size()) return false;
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        size_t letter = kLetters.find(in_[at_]);
        if (letter != kLetters.npos) {
            out += kMeanings[letter];
            return true;
        }
        if (in_[at_] != 'u' || at_ + 4 >= in_.size()) return false;
        unsigned code = 0;
        for (int i = 0; i < 4; i++) {
            size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(in_[++at_] | 0x20));
            if (digit == std::string_view::npos) return false;
            code = code * 16 + static_cast<unsigned>(digit);
        }
        put_code_point(out, code);
        return true;
    }
    // As UTF-8. Halves of pairs, which reports do not have, are kept as they are.
    static void put_code_point(std::string& out, unsigned code) {
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xc0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 0x3f));
        } else {
            out += static_cast<char>(0xe0 | code >> 12);
            out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
            out += static_cast<char>(0x80 | (code & 0x3f));
        }
    }

    std::string_view in_;
    size_t at_ = 0;
};

void new_line(std::string& out, int indent) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<size_t>(indent), ' ');
}

void write(const json& value, int indent, std::string& out) {
    int inner = indent < 0 ? indent : indent + 2;
    const char* separator = "";
    switch (value.type) {
        case json::kind::null: out += "null"; return;
        case json::kind::truth: out += value.truth ? "true" : "false"; return;
        case json::kind::number: out += value.text; return;
        case json::kind::string: out += json_string(value.text); return;
        case json::kind::array:
            out += '[';
            for (const json& item : value.items) {
                out += separator;
                new_line(out, inner);
                write(item, inner, out);
                separator = ",";
            }
            if (!value.items.empty()) new_line(out, indent);
            out += ']';
            return;
        case json::kind::object:
            out += '{';
            for (const auto& [name, member] : value.members) {
                out += separator;
                new_line(out, inner);
                out += json_string(name) + (indent < 0 ? ":" : ": ");
                write(member, inner, out);
                separator = ",";
            }
            if (!value.members.empty()) new_line(out, indent);
            out += '}';
            return;
    }
}

}  // namespace

bool parse_json(std::string_view in, json& out, size_t& end) {
    parser p(in);
    bool good = p.value(out);
    end = p.at();
    return good;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        unsigned char byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            out += escaped;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string write_json(const json& value, int indent) {
    std::string out;
    write(value, indent, out);
    return out;
}

}  // namespace tools
