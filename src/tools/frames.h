// Frames of reports that nobody has resolved yet, as the library writes them, in text
//     #0 ?? (/full/path/demo+0x18c0) [build-id 0123abcd] exact
// and in JSON
//     {"module":"/full/path/demo","offset":"0x18c0","build_id":"0123abcd","exact":true}
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

struct code_place {
    std::string module;
    uint64_t offset = 0;
    std::string build_id;  // may be empty
    bool exact = false;    // the instruction itself; otherwise a return address

    // An address inside the call, which may be the last instruction of its line, block and function.
    uint64_t lookup_offset() const { return exact || offset == 0 ? offset : offset - 1; }
    std::string short_name() const;  // demo+0x18c0
};

// Functions at one place, the innermost first; all but the last were inlined into the next.
struct source_frame {
    std::string function;
    std::string file;  // may be empty
    int line = 0;
};
using source_frames = std::vector<source_frame>;

struct text_frame {
    std::string start;  // "    #0 "
    code_place place;
};
std::optional<text_frame> parse_text_frame(std::string_view line);

// The object in `line` that begins at `at` (its brace); `end` becomes the position of its closing brace. Nothing when
// it is not of that form or is resolved already.
std::optional<code_place> parse_json_frame(std::string_view line, size_t at, size_t& end);

std::string base_name(std::string_view path);
std::string hex(uint64_t n);

}  // namespace tools
