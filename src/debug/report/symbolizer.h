// Symbols for a report: a separate process, `kslab symbolize`, reads the report with frames as module+offset and
// writes it with function, file and line.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Sends `text` through the helper; the answer's length, 0 when there is none (no helper, sandbox, 5 s are over, 100
// reports were sent). `out` may not overlap `text`. Called with report_lock.
size_t symbolize(const char* text, size_t length, char* out, size_t capacity);

// Takes KSLAB_SYMBOLIZER; a line when it is no program.
void symbolizer_boot();

}  // namespace kslab
