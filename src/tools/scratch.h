// Files that a command needs while it runs: a directory that goes away with it, standard input kept for later runs.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace tools {

class scratch_directory {
public:
    scratch_directory();
    ~scratch_directory();
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    std::string path(const std::string& name) const { return path_ + "/" + name; }
    // Removes all files whose names begin so, and returns what they held; numbers at the end of names give the order.
    std::vector<std::string> take_all(const std::string& prefix);

private:
    std::string path_;
};

// Standard input for several runs. Pipes are read to their end first; a terminal is given to each run.
class repeated_input {
public:
    repeated_input();
    ~repeated_input();
    repeated_input(const repeated_input&) = delete;
    repeated_input& operator=(const repeated_input&) = delete;

    bool is_terminal() const { return terminal_; }
    // The descriptor for the next run, at the beginning of the input; -1: this command's own.
    int next_run();

private:
    int spool_ = -1;
    off_t start_ = -1;  // of a regular file
    bool terminal_ = false;
};

// A descriptor of /dev/null, open for both.
int null_descriptor();

std::string read_file(const std::string& path);

}  // namespace tools
