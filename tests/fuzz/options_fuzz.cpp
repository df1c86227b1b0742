// Every value that kslab reads from the environment, from any bytes: KSLAB_DEBUG and KSLAB_FAIL against a second reader
// of each, and whole environments, where every mistake gives one line.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "config/options.h"
#include "debug/inject/inject_rules.h"
#include "support/debug_value.h"
#include "support/fail_value.h"

// In the place of os/host.cpp: what would have been written to standard error.
namespace {
std::string written;
}
namespace kslab {
void host_write_report(const char* text, size_t length) { written.append(text, length); }
void host_abort() { abort(); }
}  // namespace kslab

namespace {

#define DEMAND(condition)                                                  \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "not so: %s (line %d)\n", #condition, __LINE__); \
            abort();                                                       \
        }                                                                  \
    } while (0)

void fuzz_debug(const std::string& value) {
    kslab::debug_switches switches;
    size_t at;
    const char* wrong = kslab::debug_switches_parse(switches, value.c_str(), at);
    auto reference = test::debug_value::read(value);
    DEMAND((wrong == nullptr) == reference.has_value());
    DEMAND(at <= value.size());
    uint32_t any = kslab::debug_flags_any(switches);
    DEMAND(wrong == nullptr || any == 0);
    if (wrong != nullptr) return;
    for (const std::string& cache : {std::string("kmalloc-64"), std::string(""), value.substr(value.find(',') + 1)}) {
        uint32_t flags = kslab::debug_flags_for(switches, cache.c_str());
        DEMAND(flags == reference->flags_of(cache));
        DEMAND((flags & ~any) == 0);
    }
}

void fuzz_fail(const std::string& value) {
    kslab::inject_rules rules;
    size_t at;
    const char* wrong = kslab::inject_rules_parse(rules, value.c_str(), at);
    auto reference = test::fail_value::read(value);
    DEMAND((wrong == nullptr) == reference.has_value());
    DEMAND(at <= value.size());
    if (wrong == nullptr) DEMAND(reference->same_as(rules));
}

void fuzz_environment(const std::string& text) {
    std::vector<std::string> strings = test::split(text, '\n');
    std::vector<char*> environment;
    for (std::string& s : strings) environment.push_back(s.data());
    environment.push_back(nullptr);
    written.clear();
    kslab::options options;
    kslab::options_read(options, environment.data());
    kslab::debug_switches switches;
    kslab::debug_switches_read(switches, options, "demo");
    std::vector<std::string> lines = test::split(written, '\n');
    DEMAND(lines.back().empty());
    DEMAND(lines.size() <= strings.size() + 2);
    for (size_t i = 0; i + 1 < lines.size(); i++) {
        DEMAND(lines[i].rfind("kslab: KSLAB_", 0) == 0);
        for (char c : lines[i]) DEMAND(c >= ' ' && c <= '~');
    }
    DEMAND(options.exitcode <= 255 && options.depth >= 1 && options.depth <= 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    std::string value(reinterpret_cast<const char*>(data + 1), size - 1);
    value.resize(strlen(value.c_str()));  // the environment knows no NUL
    switch (data[0] % 3) {
        case 0: fuzz_debug(value); break;
        case 1: fuzz_fail(value); break;
        default: fuzz_environment(value);
    }
    return 0;
}
