// kslab debug: what its options stand for.
#pragma once
#include "tools/program.h"

namespace tools {

struct debug_settings {
    std::string library;
    std::string debug = "1";  // KSLAB_DEBUG
    std::string log;          // made absolute
    bool both_ends = false;
    bool aligned = false;
    bool json = false;
    bool help = false;
    int exitcode = 0;
    variables extra;          // further options of the library, and their values
};

// The variables that the options stand for.
variables debug_variables(const debug_settings& s);

// Runs the program twice, once with each end of its objects at a guard page, and prints the reports of both runs
// without duplicates.
// `with` are the variables of debug_variables.
int run_both_ends(const debug_settings& s, variables with, const std::string& file, const words& command);

}  // namespace tools
