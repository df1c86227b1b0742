// "name limit batchcount shared": what is written to slabinfo.
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr size_t kTuneLineBytes = 128;  // MAX_SLABINFO_WRITE of the kernel

struct tune_line {
    const char* name = nullptr;  // in the text
    size_t name_length = 0;
    unsigned limit = 0, batchcount = 0, shared = 0;
};

// Null, or why the text is no such line. Whether there is such a cache, and room for so many, is for others to say.
const char* tune_line_read(const char* text, size_t length, tune_line& into);

}  // namespace kslab
