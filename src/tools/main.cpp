// kslab: runs programs under kslab, hunts heap bugs in them, and resolves the frames of reports.
#include <cstdio>
#include <cstring>

#include "tools/command.h"

namespace {

constexpr char kUsageText[] =
    "usage: kslab run PROGRAM [ARGS...]         run it with kslab as its malloc\n"
    "       kslab debug [OPTIONS] PROGRAM ...   run it and report its heap bugs\n"
    "       kslab fail [OPTIONS] PROGRAM ...    let one allocation after the other fail\n"
    "       kslab symbolize [OPTIONS] [FILE...] function names and lines for reports\n"
    "       kslab slabinfo [OPTIONS] [FILE|PID] the caches of a program, as slabtop shows them\n"
    "       kslab tune PID CACHE LIMIT BATCHCOUNT SHARED   limits of a cache's arrays while it runs\n"
    "       kslab COMMAND --help, kslab --version; more in kslab(1) and kslab(7)\n";

struct command {
    const char* name;
    int (*run)(const tools::words&);
};
constexpr command kCommands[] = {
    {"run", tools::run_command},
    {"debug", tools::debug_command},
    {"fail", tools::fail_command},
    {"symbolize", tools::symbolize_command},
    {"slabinfo", tools::slabinfo_command},
    {"tune", tools::tune_command},
};

int dispatch(const tools::words& arguments) {
    if (arguments.empty()) {
        std::fputs(kUsageText, stderr);
        return tools::kUsage;
    }
    const std::string& name = arguments[0];
    if (name == "--help" || name == "-h" || name == "help") return std::fputs(kUsageText, stdout), tools::kSuccess;
    if (name == "--version") return std::puts("kslab " KSLAB_VERSION), tools::kSuccess;
    for (const command& c : kCommands)
        if (name == c.name) return c.run(tools::words(arguments.begin() + 1, arguments.end()));
    throw tools::failure(tools::kUsage, (name.starts_with("-") ? "unknown option " : "unknown command ") + name +
                                            " (run, debug, fail, symbolize, slabinfo, tune; try --help)");
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return dispatch(tools::words(arguments + (count > 0 ? 1 : 0), arguments + count));
    } catch (const tools::failure& f) {
        tools::say(f.what());
        return f.status;
    } catch (const std::exception& e) {
        tools::say(e.what());
        return tools::kUsage;
    }
}
