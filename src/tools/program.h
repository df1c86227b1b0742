// Programs that are run under kslab: where the library is, what the loader will make of the program, and running it.
#pragma once
#include <sys/types.h>

#include <map>
#include <string>

#include "tools/command.h"

namespace tools {

// Variables for a program, on top of this command's own; an empty value removes one.
using variables = std::map<std::string, std::string>;

// The shared library beside this command, or where it was installed. Fails when there is none, or the loader could
// not be told of it. `chosen` (--lib), when not empty, is taken instead.
std::string find_library(const std::string& chosen);

// The file that the name stands for along PATH. Fails as a shell does, with 126 or 127.
std::string find_program(const std::string& name);

// One line of warning for what the loader will not preload into.
void warn_unpreloadable(const std::string& file);

// LD_PRELOAD with the library in front of what it holds.
void add_preload(variables& with, const std::string& library);

// For --help of commands that end as the program does.
inline constexpr char kProgramStatusHelp[] =
    "exit status: the program's; 126 it cannot be executed, 127 it was not found, 2 a wrong command line\n";

std::string own_path();  // of this command

// Replaces this process. Returns never.
[[noreturn]] void execute(const std::string& file, const words& command, const variables& with);

struct run_settings {
    int in = -1, out = -1, err = -1;  // descriptors to use instead of this command's own
    long seconds = 0;                 // killed after that; 0: never
};
struct run_result {
    int status = 0;       // as a shell has it
    int signal = 0;       // 0: it ended by itself
    bool timed_out = false;
    pid_t process = 0;

    bool interrupted() const;  // by the keyboard, or by stop_signals: no further runs are wanted
};
// While it lives, SIGTERM and SIGHUP go to the program that runs, and end this command only after that: in the
// destructor, when what was declared later has been cleaned up.
class stop_signals {
public:
    stop_signals();
    ~stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;
};

// SIGINT and SIGQUIT are left to the program meanwhile.
run_result run_program(const std::string& file, const words& command, const variables& with, const run_settings& how);

// "SIGSEGV"
std::string signal_name(int signal);

}  // namespace tools
