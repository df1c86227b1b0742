// What the subcommands share: messages, exit statuses, reading the command line.
#pragma once
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tools {

using words = std::vector<std::string>;

// As env(1) and timeout(1) have them.
enum exit_status : int { kSuccess = 0, kFound = 1, kUsage = 2, kTimedOut = 124, kNotExecutable = 126, kNotFound = 127 };

// Ends the command: main prints "kslab: " and the text, and exits with the status.
struct failure : std::runtime_error {
    failure(int exit_with, const std::string& text) : std::runtime_error(text), status(exit_with) {}
    int status;
};

// "kslab: " and the text, on standard error.
void say(const std::string& text);

struct option {
    std::string name;     // "--log", "-o"
    std::string argument; // "FILE"; empty: it takes none
    std::string help;
    std::function<void(const std::string&)> take;
};

// Takes options (--name VALUE, --name=VALUE) up to the first other word or --, and returns the words from there.
words take_options(const std::string& command, const std::vector<option>& options, const words& arguments);

// The lines "  --log FILE   help" of a usage text.
std::string options_help(const std::vector<option>& options);

// A number from `least` to `most`, or a failure that names the option.
long number_in(const std::string& name, const std::string& text, long least, long most);

// The subcommands: arguments behind the name, exit status.
int run_command(const words& arguments);
int debug_command(const words& arguments);
int fail_command(const words& arguments);
int symbolize_command(const words& arguments);
int slabinfo_command(const words& arguments);
int tune_command(const words& arguments);

}  // namespace tools
