// Part of a value that somebody typed, for a line of a report: cut, and without bytes that a terminal would obey.
#pragma once
#include "base/format.h"

namespace kslab {

inline constexpr size_t kExcerptBytes = 64;

inline text& put_excerpt(text& out, const char* value, size_t length) {
    for (size_t i = 0; i < length && i < kExcerptBytes; i++)
        out.put(value[i] >= ' ' && value[i] <= '~' ? value[i] : '?');
    return length > kExcerptBytes ? out.put("...") : out;
}
inline text& put_excerpt(text& out, const char* value) { return put_excerpt(out, value, string_length(value)); }

}  // namespace kslab
