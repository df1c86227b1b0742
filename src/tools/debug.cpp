#include "tools/debug.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tools/library_options.h"

namespace tools {

namespace {

// KSLAB_X=V or X=V
void take_variable(debug_settings& s, const std::string& text) {
    size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) throw failure(kUsage, "debug: -o wants KSLAB_NAME=VALUE, not " + text);
    std::string name = text.substr(0, equals);
    if (!name.starts_with("KSLAB_")) name = "KSLAB_" + name;
    s.extra[name] = text.substr(equals + 1);
}

std::vector<option> debug_options(debug_settings& s) {
    auto variable = [&s](const char* name) { return [&s, name](const std::string& v) { s.extra[name] = v; }; };
    return {
        {"--full", "", "every object at a guard page too", [&](const std::string&) { s.debug = "full"; }},
        {"--both-ends", "", "run it twice, with either end of objects at a guard page",
         [&](const std::string&) { s.both_ends = true; }},
        {"--aligned", "", "with --both-ends: ends of objects stay aligned to 16",
         [&](const std::string&) { s.aligned = true; }},
        {"--flags", "LETTERS", "KSLAB_DEBUG to the letter, see kslab(7)", [&](const std::string& v) { s.debug = v; }},
        {"--log", "FILE", "reports go there; %p is the process id, %e the program",
         [&](const std::string& v) { s.log = std::filesystem::absolute(v).string(); }},
        {"--json", "", "reports as JSON lines", [&](const std::string&) { s.json = true; }},
        {"--exitcode", "N", "exit status when anything but leaks was found",
         [&](const std::string& v) { s.exitcode = static_cast<int>(number_in("--exitcode", v, 0, 255)); }},
        {"--leak-exitcode", "N", "exit status when leaks were found",
         [&](const std::string& v) {
             s.extra["KSLAB_LEAK_EXITCODE"] = std::to_string(number_in("--leak-exitcode", v, 0, 255));
         }},
        {"--depth", "N", "frames kept of stacks, 1 to 64",
         [&](const std::string& v) { s.extra["KSLAB_DEPTH"] = std::to_string(number_in("--depth", v, 1, 64)); }},
        {"--only", "EXE[,EXE*]", "debug executables of these names only", variable("KSLAB_DEBUG_EXE")},
        {"--abort", "", "abort at the first finding",
         [&](const std::string&) { s.extra["KSLAB_ON_ERROR"] = "abort"; }},
        {"-o", "KSLAB_NAME=VALUE", "set any option of the library", [&](const std::string& v) { take_variable(s, v); }},
        {"--lib", "FILE", "preload this library", [&](const std::string& v) { s.library = v; }},
        {"--help", "", "this text", [&](const std::string&) { s.help = true; }},
    };
}

}  // namespace

variables debug_variables(const debug_settings& s) {
    variables with = s.extra;
    with.emplace("KSLAB_DEBUG", s.debug);
    if (!s.log.empty()) with["KSLAB_LOG"] = s.log;
    if (s.json) with["KSLAB_FORMAT"] = "json";
    if (s.exitcode != 0) with["KSLAB_EXITCODE"] = std::to_string(s.exitcode);
    // The library may be another than the one that this command belongs to.
    if (getenv("KSLAB_SYMBOLIZER") == nullptr) with.emplace("KSLAB_SYMBOLIZER", own_path());
    check_options("debug", with, s.extra.count("KSLAB_DEBUG") != 0 ? "KSLAB_DEBUG" : "--flags");
    add_preload(with, find_library(s.library));
    return with;
}

int debug_command(const words& arguments) {
    debug_settings settings;
    std::vector<option> options = debug_options(settings);
    words command = take_options("debug", options, arguments);
    if (settings.help) {
        std::printf("usage: kslab debug [OPTIONS] [--] PROGRAM [ARGS...]\n\n"
                    "Runs PROGRAM under kslab and reports its heap bugs, with allocation and free stacks.\n\n%s\n%s"
                    "             (the same whether bugs were found or not, unless --exitcode or --leak-exitcode say otherwise)\n",
                    options_help(options).c_str(), kProgramStatusHelp);
        return kSuccess;
    }
    if (command.empty()) throw failure(kUsage, "debug: which program? (try kslab debug --help)");
    variables with = debug_variables(settings);
    std::string file = find_program(command[0]);
    warn_unpreloadable(file);
    if (settings.both_ends) return run_both_ends(settings, with, file, command);
    execute(file, command, with);
}

}  // namespace tools
