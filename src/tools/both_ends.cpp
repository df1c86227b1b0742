// kslab debug --both-ends: a guard page protects one end of an object, so the program runs twice. The reports of both
// runs go to files, unresolved; what the second run only repeats is dropped, and frames are resolved once, at the end.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tools/debug.h"
#include "tools/json.h"
#include "tools/library_options.h"
#include "tools/report_blocks.h"
#include "tools/resolver.h"
#include "tools/scratch.h"
#include "tools/symbolize.h"

namespace tools {

namespace {

// Programs that fail when an object is not aligned to 16: they keep bits in pointers, or use aligned instructions.
constexpr const char* kNeedAlignment[] = {"python3", "pypy3"};

std::string first_line(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    char magic[2] = {};
    if (in.read(magic, 2) && magic[0] == '#' && magic[1] == '!') std::getline(in, line);
    return line;
}

bool needs_alignment(const std::string& file) {
    std::error_code error;
    std::string real = std::filesystem::canonical(file, error).filename().string();
    std::string interpreter = first_line(file);
    return std::any_of(std::begin(kNeedAlignment), std::end(kNeedAlignment), [&](const char* name) {
        return real.starts_with(name) || interpreter.find(name) != interpreter.npos;
    });
}

std::vector<report_block> reports_of(scratch_directory& scratch, const std::string& run, report_form form) {
    std::vector<report_block> all;
    for (const std::string& log : scratch.take_all(run))
        for (report_block& block : read_reports(log, form)) all.push_back(std::move(block));
    return all;
}

// Appends what is new, and returns how many findings that were.
size_t add_new(std::vector<report_block>& known, std::vector<report_block> more) {
    size_t before = known.size();
    size_t findings = 0;
    for (report_block& block : more) {
        auto end = known.begin() + static_cast<long>(before);
        if (std::any_of(known.begin(), end, [&](const report_block& k) { return same_finding(k, block); })) continue;
        if (!block.defect.empty()) findings++;
        known.push_back(std::move(block));
    }
    return findings;
}

std::string summary(report_form form, const std::string& file, size_t first, size_t second) {
    if (first + second == 0) return "";
    std::string program = base_name(file);
    if (form == report_form::json) {
        json counts = json::object();
        counts.set("program", program).set("findings", json::number(static_cast<long long>(first + second)));
        counts.set("first_run", json::number(static_cast<long long>(first)));
        counts.set("second_run_only", json::number(static_cast<long long>(second)));
        return write_json(json::object().set("summary", counts)) + "\n";
    }
    return "SUMMARY (" + program + ", both ends): " + std::to_string(first + second) +
           (first + second == 1 ? " finding, " : " findings, ") + std::to_string(first) + " with ends and " +
           std::to_string(second) + " more with starts at guard pages\n\n";
}

// A clean run leaves no log, as with one run.
void print_reports(const std::string& log, const std::string& text) {
    if (text.empty()) return;
    std::FILE* out = log.empty() ? stderr : std::fopen(log.c_str(), "a");
    if (out == nullptr) throw failure(kUsage, "debug: cannot write " + log);
    std::fwrite(text.data(), 1, text.size(), out);
    if (out != stderr) std::fclose(out);
}

}  // namespace

int run_both_ends(const debug_settings& s, variables with, const std::string& file, const words& command) {
    say("debug: --both-ends runs the program twice");
    const kslab::options options = options_with(with);
    stop_signals stop;
    scratch_directory scratch;
    repeated_input input;
    if (input.is_terminal()) say("debug: standard input is a terminal: each run reads from it");
    if (with["KSLAB_DEBUG"] == "1") with["KSLAB_DEBUG"] = "full";
    with["KSLAB_SYMBOLIZER"] = "none";
    report_form form = options.format == kslab::report_format::json ? report_form::json : report_form::text;

    with["KSLAB_GUARD"] = s.aligned || needs_alignment(file) ? "aligned" : "exact";
    with["KSLAB_LOG"] = scratch.path("first.%p");
    run_settings how;
    how.in = input.next_run();
    run_result result = run_program(file, command, with, how);
    std::string log = log_name(options.log.text, base_name(command[0]), result.process);

    if (!result.interrupted()) {
        with["KSLAB_GUARD"] = "start";
        with["KSLAB_LOG"] = scratch.path("second.%p");
        how = {input.next_run(), null_descriptor(), null_descriptor(), 0};
        run_program(file, command, with, how);
    }

    std::vector<report_block> reports;
    size_t first = add_new(reports, reports_of(scratch, "first", form));
    size_t second = add_new(reports, reports_of(scratch, "second", form));
    std::string text;
    for (const report_block& block : reports) text += block.text;
    resolver resolve;
    symbolizer filter(resolve, path_form::base);
    print_reports(log, filter.filter(text) + summary(form, file, first, second));

    bool errors = std::any_of(reports.begin(), reports.end(), [](const report_block& block) {
        return !block.defect.empty() && !block.is_leak();
    });
    return errors && options.exitcode != 0 ? static_cast<int>(options.exitcode) : result.status;
}

}  // namespace tools
