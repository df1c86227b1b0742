// The one way in which kslab stops a program: a line that begins with "kslab: ", then abort().
#pragma once
#include "base/format.h"

namespace kslab {

// A line of a report, written when it goes out of scope. 400 bytes of stack.
class report_line {
public:
    report_line() : text_(buffer_, sizeof buffer_ - 1) { text_.put("kslab: "); }
    ~report_line();
    report_line(const report_line&) = delete;
    report_line& operator=(const report_line&) = delete;
    text* operator->() { return &text_; }

private:
    char buffer_[400];
    text text_;
};

// An inconsistency in kslab's own state: a bug of kslab, or memory that something else overwrote.
[[noreturn]] KSLAB_NOINLINE void check_failed(const char* what, const char* file, int line);

#define KSLAB_CHECK(condition, what)                          \
    do {                                                      \
        if (KSLAB_UNLIKELY(!(condition))) ::kslab::check_failed(what, __FILE_NAME__, __LINE__); \
    } while (0)

#if KSLAB_ASSERTS
#define KSLAB_ASSERT(condition) KSLAB_CHECK(condition, #condition)
#else
#define KSLAB_ASSERT(condition) static_cast<void>(0)
#endif

}  // namespace kslab
