// kslab fail: the program runs again and again, and each time another allocation fails, until none does any more.
#include <strings.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "tools/json.h"
#include "tools/library_options.h"
#include "tools/program.h"
#include "tools/report_blocks.h"
#include "tools/resolver.h"
#include "tools/scratch.h"
#include "tools/symbolize.h"

namespace tools {

namespace {

constexpr char kInjected[] = "kslab: injected failure ";

struct fail_settings {
    std::string library;
    long first = 1;
    long last = 1000000;
    long seconds = 60;
    std::string only;   // further keys of KSLAB_FAIL
    bool show = false;  // the program's output
    bool json = false;
    bool help = false;
};

// Which of them fails, and how often, is for the command to say.
void check_only(const std::string& rules) {
    std::istringstream parts(rules);
    for (std::string part; std::getline(parts, part, ',');) {
        std::string key = part.substr(0, part.find(':'));
        if (key != "size" && key != "cache" && key != "caller")
            throw failure(kUsage, "fail: --only: size, cache or caller is expected, not " + key);
    }
}

std::vector<option> fail_options(fail_settings& s) {
    auto number = [](long& into, const char* name, long least) {
        return [&into, name, least](const std::string& v) { into = number_in(name, v, least, 1000000000); };
    };
    return {
        {"--first", "N", "begin with the Nth allocation", number(s.first, "--first", 1)},
        {"--last", "N", "end with the Nth", number(s.last, "--last", 1)},
        {"--only", "KEY:VALUE[,...]", "of these only: size:, cache:, caller: as in KSLAB_FAIL",
         [&](const std::string& v) {
             check_only(v);
             check_fail_rules("fail", v);
             s.only += "," + v;
         }},
        {"--timeout", "SECONDS", "a run that takes longer did not survive (60; 0: no limit)",
         number(s.seconds, "--timeout", 0)},
        {"--show", "", "do not throw the program's output away", [&](const std::string&) { s.show = true; }},
        {"--json", "", "a JSON line for each, and one with the sums", [&](const std::string&) { s.json = true; }},
        {"--lib", "FILE", "preload this library", [&](const std::string& v) { s.library = v; }},
        {"--help", "", "this text", [&](const std::string&) { s.help = true; }},
    };
}

// What one run left in its logs.
struct failed_run {
    bool injected = false;
    std::string call;     // "malloc(40)"
    words frames;         // as the library writes them
    words findings;       // titles of kslab's own reports
    run_result ended;

    bool survived() const { return ended.signal == 0 && !ended.timed_out && findings.empty(); }
    std::string fate() const {
        if (ended.timed_out) return "hung";
        if (ended.signal != 0) return "died of " + signal_name(ended.signal);
        return "went on with a heap bug: " + findings.front();
    }
};

// The first injected failure of a process, with the frames behind it; the titles of reports.
void read_log(const std::string& log, failed_run& run) {
    std::istringstream in(log);
    bool reading = false;
    for (std::string line; std::getline(in, line);) {
        bool is_frame = parse_text_frame(line) || line.starts_with("    #");
        if (reading && is_frame) run.frames.push_back(line);
        reading = reading && is_frame;
        if (line.starts_with(kInjected) && !run.injected) {
            size_t colon = line.find(": ", sizeof kInjected - 1);
            size_t end = line.find(" from ");
            if (colon != line.npos) run.call = line.substr(colon + 2, end == line.npos ? end : end - colon - 2);
            run.injected = reading = true;
        }
        // What a signal finds when it is known to come from an injected failure is told as that signal.
        if (line.starts_with("BUG ")) run.findings.push_back(line.substr(line.find("): ") + 3));
    }
}

// One place in the program that does not survive shows again and again: it is told once, and counted.
class death_list {
public:
    explicit death_list(bool as_json) : json_(as_json), filter_(resolver_, path_form::base) {}

    void add(long number, const failed_run& run) {
        std::string stack;
        for (const std::string& frame : run.frames) stack += frame + "\n";
        if (!known_.insert(run.fate() + stack).second) return;
        if (json_)
            std::cout << write_json(as_json(number, run)) << std::endl;
        else
            std::cout << "allocation " << number << ", " << run.call << ", failed, and the program " << run.fate()
                      << ":\n" << filter_.filter(stack) << std::endl;
    }
    size_t places() const { return known_.size(); }

private:
    json as_json(long number, const failed_run& run) {
        json line = json::object();
        line.set("allocation", json::number(number)).set("call", run.call).set("fate", run.fate());
        line.set("status", json::number(run.ended.status));
        json stack = json::array();
        for (const std::string& text : run.frames) {
            auto frame = parse_text_frame(text);
            if (!frame) continue;
            json object = json::object();
            object.set("module", frame->place.module).set("offset", hex(frame->place.offset));
            stack.add(object);
        }
        json value;
        size_t end;
        parse_json(filter_.json_line(write_json(line.set("stack", stack))), value, end);
        return value;
    }

    bool json_;
    resolver resolver_;
    symbolizer filter_;
    std::set<std::string> known_;
};

// What the caller debugs with; and places are told apart by their stacks.
std::string switches_for_failing() {
    const char* set = std::getenv("KSLAB_DEBUG");
    std::string own = set == nullptr ? "" : set;
    auto is = [&own](const char* preset) { return strcasecmp(own.c_str(), preset) == 0; };
    if (own.empty() || is("0") || is("off") || is("none")) return "FU";
    bool letters = own.find_first_of("1,;-") == std::string::npos && !is("full");
    return letters && own.find_first_of("Uu") == std::string::npos ? own + "U" : own;
}

class failing {
public:
    failing(const fail_settings& s, const words& command)
        : settings_(s), command_(command), file_(find_program(command[0])) {
        add_preload(with_, find_library(s.library));
        with_["KSLAB_DEBUG"] = switches_for_failing();
        with_["KSLAB_SYMBOLIZER"] = "none";
        with_["KSLAB_FORMAT"] = "text";
    }

    failed_run run(long number) {
        std::string prefix = "run" + std::to_string(number) + ".";
        with_["KSLAB_FAIL"] = "nth:" + std::to_string(number) + ",times:1,log:1" + settings_.only;
        with_["KSLAB_LOG"] = scratch_.path(prefix + "%p");
        run_settings how;
        how.in = input_.next_run();
        how.seconds = settings_.seconds;
        if (!settings_.show) how.out = how.err = null_descriptor();
        failed_run result;
        result.ended = run_program(file_, command_, with_, how);
        for (const std::string& log : scratch_.take_all(prefix)) read_log(log, result);
        return result;
    }

private:
    const fail_settings& settings_;
    const words& command_;
    std::string file_;
    variables with_;
    stop_signals stop_;
    scratch_directory scratch_;
    repeated_input input_;
};

void show_progress(long tried) {
    constexpr long kOften = 20;
    if (tried % kOften == 0 && isatty(2)) std::fprintf(stderr, "\rkslab: %ld runs \r", tried);
}

// Why not even the first run had an allocation that failed.
std::string nothing_failed(const fail_settings& s, failing& program) {
    bool some = s.first > 1 && program.run(1).injected;
    if (some) return "fail: fewer than " + std::to_string(s.first) + " allocations qualify";
    if (!s.only.empty()) return "fail: no allocation qualifies for --only " + s.only.substr(1);
    return "fail: no allocation failed: the program asks for no memory, or its malloc is not kslab's (linked statically?)";
}

int fail_all(const fail_settings& s, const words& command) {
    failing program(s, command);
    death_list deaths(s.json);
    long number = s.first, died = 0;
    for (; number <= s.last; number++) {
        failed_run run = program.run(number);
        if (run.ended.interrupted()) throw failure(run.ended.status, "fail: interrupted");
        if (!run.injected) break;
        show_progress(number - s.first + 1);
        if (run.survived()) continue;
        died++;
        deaths.add(number, run);
    }
    long tried = number - s.first;
    if (tried == 0) throw failure(kUsage, nothing_failed(s, program));
    if (s.json) {
        json sums = json::object();
        sums.set("failures", json::number(tried)).set("not_survived", json::number(died));
        sums.set("places", json::number(static_cast<long long>(deaths.places())));
        std::cout << write_json(json::object().set("summary", sums)) << '\n';
    } else {
        std::cout << tried << (tried == 1 ? " allocation" : " allocations") << " failed, one a run; the program did not survive " << died;
        if (died != 0) std::cout << ", at " << deaths.places() << (deaths.places() == 1 ? " place" : " places");
        std::cout << '\n';
    }
    return died == 0 ? kSuccess : kFound;
}

}  // namespace

int fail_command(const words& arguments) {
    fail_settings settings;
    std::vector<option> options = fail_options(settings);
    words command = take_options("fail", options, arguments);
    if (settings.help) {
        std::cout << "usage: kslab fail [OPTIONS] [--] PROGRAM [ARGS...]\n\nRuns PROGRAM again and again; the first "
                     "allocation fails, then the second, and so on,\nuntil a run asks for fewer. Tells which failures "
                     "it did not survive.\nKSLAB_DEBUG=FZPUQ kslab fail ... "
                     "looks for overflows on the way out as well.\n\n"
                  << options_help(options) << "\nexit status: 0 it survived all, 1 not all, 2 nothing could be run\n";
        return kSuccess;
    }
    if (command.empty()) throw failure(kUsage, "fail: which program? (try kslab fail --help)");
    if (settings.first > settings.last)
        throw failure(kUsage, "fail: --first " + std::to_string(settings.first) + " is behind --last " +
                                  std::to_string(settings.last));
    return fail_all(settings, command);
}

}  // namespace tools
