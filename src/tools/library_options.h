// What the library would make of its options, by its own tables: mistakes end the command here, before a run that would
// look clean because debugging was off.
#pragma once
#include <string>

#include "config/options.h"
#include "tools/program.h"

namespace tools {

// Fails, with the line that the library would write, when a value does not fit or a name is none. `said_as` is how the
// user wrote KSLAB_DEBUG, "--flags" for example.
void check_options(const std::string& command, const variables& with, const std::string& said_as = "KSLAB_DEBUG");

// The rules of KSLAB_FAIL, as the user wrote them behind --only.
void check_fail_rules(const std::string& command, const std::string& rules);

// The options that the library will have: the environment's, and these.
kslab::options options_with(const variables& with);

// A log's name with %p and %e put in.
std::string log_name(const std::string& pattern, const std::string& program, long process);

}  // namespace tools
