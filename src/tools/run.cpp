// kslab run: LD_PRELOAD for people who do not want to remember the path.
#include <cstdio>

#include "tools/program.h"

namespace tools {

int run_command(const words& arguments) {
    std::string library;
    bool help = false;
    std::vector<option> options = {
        {"--lib", "FILE", "preload this library", [&](const std::string& v) { library = v; }},
        {"--help", "", "this text", [&](const std::string&) { help = true; }},
    };
    words command = take_options("run", options, arguments);
    if (help) {
        std::printf("usage: kslab run [OPTIONS] [--] PROGRAM [ARGS...]\n\nRuns PROGRAM with kslab as its malloc.\n\n%s\n%s",
                    options_help(options).c_str(), kProgramStatusHelp);
        return kSuccess;
    }
    if (command.empty()) throw failure(kUsage, "run: which program? (try kslab run --help)");
    variables with;
    add_preload(with, find_library(library));
    std::string file = find_program(command[0]);
    warn_unpreloadable(file);
    execute(file, command, with);
}

}  // namespace tools
