// From a place in a file to functions, source files and lines. One definition with libdw, one without.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "tools/frames.h"

namespace tools {

struct debug_file;

class resolver {
public:
    resolver();
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    // False: built without libdw, nothing is ever resolved.
    static bool available();

    // Directories in which files are looked for by name, when they are not where the report says.
    std::vector<std::string> directories;

    // Nobody needs lines of the C library itself, and its debug data, compressed as distributions have them, would
    // cost each report a tenth of a second.
    bool skip_libc_lines = false;

    // Empty when nothing is known. Files are kept open for the next question.
    source_frames resolve(const code_place& place);

private:
    debug_file* file_of(const code_place& place);
    std::map<std::string, std::unique_ptr<debug_file>> files_;
};

}  // namespace tools
