// Between the files that make reports of findings. A finding becomes text (report_text.cpp, with its first sentence
// from report_sentence.cpp, stacks from report_stack.cpp and bytes from report_dump.cpp) or a line of JSON
// (report_json.cpp); report.cpp decides whether, report_log.cpp writes it, report_tally.cpp counts it.
//
// What makes text is a function of the finding and of a context; it allocates nothing and takes no lock. All of it
// is called with report_lock.
#pragma once
#include "base/format.h"
#include "debug/report/finding.h"
#include "debug/stack/modules.h"
#include "debug/stack/stack_depot.h"

namespace kslab {

// What a report tells beyond its finding.
struct report_context {
    const char* program = "?";
    long process = 0;
    bool has_clock = false;
    uint64_t now = 0;  // milliseconds of clock_read
    uint16_t epoch = 0;  // how many forks deep the process is
    module_place (*module_of)(uintptr_t address) = nullptr;
    stack_view (*stack_of)(uint32_t id) = nullptr;
};
report_context report_context_now();

// The right to make reports, and whatever else is report_lock's (the known modules, the log): the lock, the name of
// its holder, and asynchronous signals blocked, whose handlers might have findings of their own. False: this thread
// makes a report already, and must do without.
class report_right {
public:
    report_right();
    ~report_right();
    report_right(const report_right&) = delete;
    report_right& operator=(const report_right&) = delete;
    explicit operator bool() const { return granted_; }

private:
    uint64_t signals_before_ = 0;
    bool granted_;
    bool signals_blocked_ = false;
    bool held_ = false;
};

// ---- Text. No line of it but the second begins with `BUG `.
void report_put_text(text& out, const finding& f, const report_context& context);
// "heap overflow: 1 byte written just past the end of a 40-byte object"
void report_put_sentence(text& out, const finding& f, const report_context& context);
void report_put_dump(text& out, const finding& f);
// One line a frame, in the form that symbolize() reads.
void report_put_stack(text& out, const stack_view& stack, bool exact, const report_context& context);
// " (no stack)" and the like, for the line above a stack: how far the stack can be trusted.
void report_put_source(text& out, const stack_view& stack);
// Reports end in good order however many and long their stacks are: frames stop when this much is written.
inline constexpr size_t kReportBytes = size_t{64} << 10;
inline constexpr size_t kReportStacks = size_t{48} << 10;

// ---- JSON, one line.
void report_put_json(text& out, const finding& f, const report_context& context);
void json_put_string(text& out, const char* s);

// ---- Facts of a finding, in words.
const char* finding_cache(const finding& f);
inline constexpr char kNoCache[] = "none";
bool finding_is_leak(const finding& f);
// The object was freed, so far as is known.
bool finding_object_freed(const finding& f);
// Whether anything is known of the allocation or the free; `stack` is then its stack.
bool known_track(const track& t, call_kind kind);
// Milliseconds since the track was made; false when nobody knows.
bool track_age(const track& t, const report_context& context, uint64_t& age);
void put_age(text& out, uint64_t milliseconds);       // 2.3 s ago
void put_count(text& out, uint64_t n, const char* singular);  // 1 byte, 2 bytes
// "free()", "validation at exit"; a call by its name alone gets its parentheses.
void put_found_by(text& out, const finding& f);
// "operator delete", without the "(align)" of tables.
void put_call(text& out, call_kind kind);
// Names come from outside: control characters become `?`.
void put_name(text& out, const char* name);

// ---- Counting (report_tally.cpp).
struct kind_tally {
    size_t findings;  // with different stacks
    size_t repeated;
};
struct report_tally {
    kind_tally kind[static_cast<unsigned>(defect::count_)];
    size_t findings;
    size_t repeated;
    size_t errors;           // findings that are no leaks
    size_t definite_leaks;   // findings
    size_t leaked_objects, leaked_bytes;
    size_t indirect_objects, indirect_bytes;
    size_t possible_objects, possible_bytes;
    size_t printed;          // or kept from it
    size_t not_printed;      // beyond KSLAB_REPORT_LIMIT
};
extern report_tally tally;

// Counts it; true when it is to be reported: nothing like it was before, or it is a leak that has grown.
bool tally_count(const finding& f);
void tally_reset();

// What else the summary tells: of the run, not of its findings.
struct report_extras {
    size_t checked_objects, checked_bytes;  // by the last validation
    size_t guard_refused;
    size_t inject_asked, inject_failed;
    size_t stacks, stack_bytes;
};
void report_put_summary(text& out, const report_context& context, const report_extras& extras);
void report_put_summary_json(text& out, const report_context& context, const report_extras& extras);

// ---- Output (report_log.cpp): to KSLAB_LOG, or where host_write_report writes.
void report_log_write(const char* text, size_t length);
// In the child of a fork: a log with %p in its name is another one there.
void report_log_after_fork();
// The name of the log file; false when it did not fit. `pattern` knows %p, %e and %%.
bool report_log_name(text& out, const char* pattern, const char* program, long process);

}  // namespace kslab
