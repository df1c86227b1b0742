// JSON, as much as reading reports and writing logs needs. Members of objects keep their order.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools {

struct json {
    enum class kind { null, truth, number, string, array, object };

    kind type = kind::null;
    bool truth = false;
    std::string text;  // of strings; of numbers as they were written
    std::vector<json> items;
    std::vector<std::pair<std::string, json>> members;

    json() = default;
    json(std::string value) : type(kind::string), text(std::move(value)) {}
    json(const char* value) : json(std::string(value)) {}
    static json number(long long n);
    static json boolean(bool b);
    static json array() { return of(kind::array); }
    static json object() { return of(kind::object); }

    json& set(std::string name, json value) {
        members.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    json& add(json value) {
        items.push_back(std::move(value));
        return *this;
    }
    // Null when there is no such member.
    const json* find(std::string_view name) const;
    // The text of a string or number of that name; empty when there is none.
    std::string text_of(std::string_view name) const;

private:
    static json of(kind k) {
        json value;
        value.type = k;
        return value;
    }
};

// Reads one value from the beginning of `in`; `end` is where it stopped.
bool parse_json(std::string_view in, json& out, size_t& end);

std::string json_string(std::string_view text);  // with quotes
std::string write_json(const json& value, int indent = -1);

}  // namespace tools
