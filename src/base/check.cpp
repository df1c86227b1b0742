#include "base/check.h"

#include "base/host.h"

namespace kslab {

report_line::~report_line() {
    // The text never fills the last byte of the buffer.
    buffer_[text_.length()] = '\n';
    host_write_report(buffer_, text_.length() + 1);
}

void check_failed(const char* what, const char* file, int line) {
    {
        report_line out;
        out->put("internal error: ").put(what).put(" (").put(file).put(':').dec(static_cast<unsigned>(line));
        out->put("); a wild write of the program into kslab's memory, or a bug of kslab");
    }
    host_abort();
}

}  // namespace kslab
