// Rewriting reports with their frames resolved; everything else stays byte for byte.
#pragma once
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "tools/resolver.h"

namespace tools {

enum class path_form { base, full };

class symbolizer {
public:
    symbolizer(resolver& from, path_form paths) : resolver_(from), paths_(paths) {}

    // A whole report, or many, of text and of JSON lines.
    void filter(std::istream& in, std::ostream& out);
    std::string filter(const std::string& reports);
    // One JSON line.
    std::string json_line(const std::string& line);

private:
    void hold(const std::string& line, const text_frame& frame);
    void release(std::ostream& out);
    std::string place_text(const source_frame& frame) const;

    // A stack is held until it is whole: its columns are aligned.
    struct held_line {
        std::string start, function, place, end;  // without function: `start` is the whole line
    };

    resolver& resolver_;
    path_form paths_;
    std::vector<held_line> held_;
};

}  // namespace tools
