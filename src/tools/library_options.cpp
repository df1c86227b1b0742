#include "tools/library_options.h"

#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/host.h"
#include "config/debug_names.h"
#include "debug/inject/inject_rules.h"

namespace {

// What the library's code had to say, without "kslab: " and the end of the line.
std::string said;

}  // namespace

// The library's readers speak through these.
namespace kslab {

void host_write_report(const char* text, size_t length) {
    constexpr size_t kPrefix = sizeof "kslab: " - 1;
    if (said.empty() && length > kPrefix) said.assign(text + kPrefix, length - kPrefix - 1);
}

void host_abort() { std::abort(); }

}  // namespace kslab

namespace tools {

namespace {

kslab::options read(const std::vector<std::string>& strings) {
    std::vector<char*> block;
    for (const std::string& s : strings) block.push_back(const_cast<char*>(s.c_str()));
    block.push_back(nullptr);
    kslab::options into;
    said.clear();
    kslab::options_read(into, block.data());
    return into;
}

std::string character(const std::string& value, size_t at) {
    std::string text = " (character " + std::to_string(at + 1);
    if (at < value.size()) text += std::string(", '") + value[at] + "'";
    return text + ")";
}

void check_debug(const std::string& command, const std::string& said_as, const std::string& value,
                 const kslab::options& options) {
    kslab::debug_switches switches;
    size_t at;
    if (const char* wrong = kslab::debug_switches_parse(switches, value.c_str(), at))
        throw failure(kUsage, command + ": " + said_as + " " + value + ": " + wrong + character(value, at));
    said.clear();
    if (kslab::debug_names_check(switches, kslab::make_size_classes(options.classes, options.geometry)) != 0)
        throw failure(kUsage, command + ": " + said);
}

void check_rules(const std::string& command, const std::string& said_as, const std::string& before,
                 const std::string& value) {
    kslab::inject_rules rules;
    size_t at;
    if (const char* wrong = kslab::inject_rules_parse(rules, (before + value).c_str(), at))
        throw failure(kUsage, command + ": " + said_as + " " + value + ": " + wrong +
                                  character(value, at < before.size() ? 0 : at - before.size()));
}

}  // namespace

kslab::options options_with(const variables& with) {
    std::vector<std::string> strings;
    for (char** variable = environ; *variable != nullptr; variable++) {
        std::string text = *variable;
        if (with.count(text.substr(0, text.find('='))) == 0) strings.push_back(text);
    }
    for (const auto& [name, value] : with) strings.push_back(name + "=" + value);
    return read(strings);
}

void check_options(const std::string& command, const variables& with, const std::string& said_as) {
    for (const auto& [name, value] : with) {
        if (!name.starts_with("KSLAB_")) continue;
        read({name + "=" + value});
        constexpr char kIgnored[] = " is ignored: ";
        size_t ignored = said.find(kIgnored);
        if (ignored != said.npos) said.replace(ignored, sizeof kIgnored - 1, ": ");
        if (!said.empty()) throw failure(kUsage, command + ": " + said);
    }
    kslab::options all = options_with(with);
    if (auto debug = with.find("KSLAB_DEBUG"); debug != with.end()) check_debug(command, said_as, debug->second, all);
    auto fail = with.find("KSLAB_FAIL");
    if (fail != with.end() && !fail->second.empty()) check_rules(command, "KSLAB_FAIL", "", fail->second);
}

void check_fail_rules(const std::string& command, const std::string& rules) {
    check_rules(command, "--only", "nth:1,times:1,log:1,", rules);
}

std::string log_name(const std::string& pattern, const std::string& program, long process) {
    std::string name;
    for (size_t i = 0; i < pattern.size(); i++) {
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            name += pattern[i];
            continue;
        }
        switch (pattern[++i]) {
            case 'p': name += std::to_string(process); break;
            case 'e': name += program; break;
            case '%': name += '%'; break;
            default: name += std::string("%") + pattern[i]; break;
        }
    }
    return name;
}

}  // namespace tools
