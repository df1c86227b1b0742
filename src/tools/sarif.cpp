#include "tools/sarif.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tools/frames.h"

namespace tools {

namespace {

// The stacks of a finding, and what each is.
constexpr struct {
    const char* member;
    const char* meaning;
} kStacks[] = {{nullptr, "found by"}, {"freed", "freed by"}, {"allocated", "allocated by"}};

bool is_leak(const std::string& kind) { return kind.starts_with("leak"); }

std::string uri_of(const std::string& file) {
    std::string path = std::filesystem::path(file).lexically_normal().string();
    std::string uri = path.starts_with('/') ? "file://" : "";
    for (char c : path) {
        bool plain = std::isalnum(static_cast<unsigned char>(c)) || std::string_view("/-._~").find(c) != std::string_view::npos;
        char coded[4];
        std::snprintf(coded, sizeof coded, "%%%02X", static_cast<unsigned char>(c));
        uri += plain ? std::string(1, c) : coded;
    }
    return uri;
}

json location_of(const json& frame) {
    json location = json::object();
    std::string file = frame.text_of("file");
    if (!file.empty()) {
        json place = json::object();
        place.set("artifactLocation", json::object().set("uri", uri_of(file)));
        long line = std::atol(frame.text_of("line").c_str());
        if (line > 0) place.set("region", json::object().set("startLine", json::number(line)));
        location.set("physicalLocation", place);
    }
    std::string function = frame.text_of("function");
    if (!function.empty())
        location.set("logicalLocations",
                     json::array().add(json::object().set("fullyQualifiedName", function).set("kind", "function")));
    return location;
}

const json* stack_of(const json& finding, const char* member) {
    const json* owner = member == nullptr ? &finding : finding.find(member);
    return owner == nullptr ? nullptr : owner->find("stack");
}

json stack_frame(const json& frame, const std::string& module) {
    json out = json::object();
    out.set("location", location_of(frame));
    if (!module.empty()) out.set("module", module);
    return out;
}

json sarif_stack(const json& frames, const std::string& meaning) {
    json list = json::array();
    for (const json& frame : frames.items) {
        std::string module = frame.text_of("module");
        list.add(stack_frame(frame, module));
        if (const json* outer = frame.find("inlined"))
            for (const json& f : outer->items) list.add(stack_frame(f, module));
    }
    return json::object().set("message", json::object().set("text", meaning)).set("frames", list);
}

// What people look for no bugs in. Their lines are known where the system's debug data are installed.
bool is_of_system(const json& frame) {
    std::string name = base_name(frame.text_of("module"));
    for (const char* library : {"libc.so", "libc-2", "ld-linux", "ld-2", "libstdc++.so", "libgcc_s.so", "libm.so",
                                "libpthread", "libkslab"})
        if (name.starts_with(library)) return true;
    return false;
}

// The first frame with a line: of the access, of the free, of the allocation; of the system's libraries only if there
// is no other.
const json* frame_with_line(const json& finding) {
    for (bool system : {false, true})
        for (const auto& s : kStacks)
            if (const json* stack = stack_of(finding, s.member))
                for (const json& frame : stack->items)
                    if (frame.find("line") != nullptr && is_of_system(frame) == system) return &frame;
    return nullptr;
}

std::string level_of(const std::string& kind) {
    return kind == "leak-possible" ? "note" : is_leak(kind) ? "warning" : "error";
}

}  // namespace

size_t sarif_log::rule_index(const std::string& kind, const std::string& title) {
    auto found = std::find_if(rules_.begin(), rules_.end(), [&](const auto& rule) { return rule.first == kind; });
    if (found == rules_.end()) found = rules_.insert(rules_.end(), {kind, title.empty() ? kind : title});
    return static_cast<size_t>(found - rules_.begin());
}

bool sarif_log::add(const std::string& line) {
    json finding;
    size_t end;
    if (!line.starts_with('{') || !parse_json(line, finding, end)) return false;
    std::string kind = finding.text_of("kind");
    if (kind.empty()) return finding.find("summary") != nullptr;

    json result = json::object();
    result.set("ruleId", kind);
    result.set("ruleIndex", json::number(static_cast<long long>(rule_index(kind, finding.text_of("title")))));
    result.set("level", level_of(kind));
    std::string message = finding.text_of("message");
    result.set("message", json::object().set("text", message.empty() ? finding.text_of("title") : message));
    const json* frame = frame_with_line(finding);
    if (frame != nullptr) result.set("locations", json::array().add(location_of(*frame)));
    json stacks = json::array();
    for (const auto& s : kStacks)
        if (const json* stack = stack_of(finding, s.member)) stacks.add(sarif_stack(*stack, s.meaning));
    if (!stacks.items.empty()) result.set("stacks", stacks);
    results_.add(result);
    return true;
}

std::string sarif_log::text() const {
    json rules = json::array();
    for (const auto& [kind, title] : rules_)
        rules.add(json::object().set("id", kind).set("shortDescription", json::object().set("text", title)));
    json driver = json::object();
    driver.set("name", "kslab").set("version", KSLAB_VERSION).set("rules", rules);
    json run = json::object();
    run.set("tool", json::object().set("driver", driver)).set("results", results_);
    json log = json::object();
    log.set("$schema", "https://json.schemastore.org/sarif-2.1.0.json").set("version", "2.1.0");
    log.set("runs", json::array().add(run));
    return write_json(log, 0) + "\n";
}

}  // namespace tools
