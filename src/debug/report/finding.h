// A finding: one defect of the program, as data. Whoever finds it fills this in; report.cpp makes text or JSON of
// it, counts it, and decides with KSLAB_ON_ERROR whether the program goes on.
#pragma once
#include "base/mutex.h"
#include "check/debug_table.h"
#include "check/place.h"
#include "debug/stack/backtrace.h"

namespace kslab {

// X(name, SLUB's or kslab's title on the BUG line, JSON name)
#define KSLAB_DEFECTS(X)                                                        \
    X(right_redzone, "Right Redzone overwritten", "heap-overflow")              \
    X(left_redzone, "Left Redzone overwritten", "heap-underflow")               \
    X(poison, "Poison overwritten", "write-after-free")                         \
    X(read_past_end, "Out-of-bounds read", "read-overflow")                     \
    X(write_past_end, "Out-of-bounds write", "write-overflow")                  \
    X(read_before, "Out-of-bounds read before start", "read-underflow")         \
    X(write_before, "Out-of-bounds write before start", "write-underflow")      \
    X(read_freed, "Use-after-free read", "read-after-free")                     \
    X(write_freed, "Use-after-free write", "write-after-free-fault")            \
    X(poison_pointer, "Use of poison as pointer", "poison-pointer")             \
    X(double_free, "Object already free", "double-free")                        \
    X(interior_free, "Free of interior pointer", "interior-free")               \
    X(stack_free, "Free of stack memory", "stack-free")                         \
    X(static_free, "Free of static memory", "static-free")                      \
    X(mapped_free, "Free of mapped memory", "mapped-free")                      \
    X(invalid_free, "Invalid object pointer", "invalid-free")                   \
    X(mismatch, "Mismatched free", "mismatched-free")                           \
    X(wrong_size, "Wrong size in free", "wrong-size")                           \
    X(wrong_align, "Wrong alignment in free", "wrong-alignment")                \
    X(wrong_cache, "Wrong cache in kmem_cache_free", "wrong-cache")             \
    X(bad_size, "Absurd allocation size", "bad-size")                           \
    X(constructor, "Constructor overwrote its object's redzone", "constructor") \
    X(objects_remaining, "Objects remaining on shutdown", "objects-remaining")  \
    X(heap_corrupt, "Heap records inconsistent", "heap-corrupt")                \
    X(leak, "Memory leak", "leak")                                              \
    X(leak_possible, "Possible memory leak", "leak-possible")                   \
    X(injected, "Did not survive an injected failure", "injected-failure")

enum class defect : uint8_t {
#define KSLAB_DEFECT_NAME(name, title, json) name,
    KSLAB_DEFECTS(KSLAB_DEFECT_NAME)
#undef KSLAB_DEFECT_NAME
    count_
};
const char* defect_title(defect d);
const char* defect_json_name(defect d);

struct finding {
    defect what = defect::heap_corrupt;
    const char* found_by = "";      // "free()", "operator delete()", "validation at exit", "reuse by malloc()" …
    const char* cache_name = "?";   // on the BUG line
    const void* address = nullptr;  // the pointer of the call, the address of the fault, or the first wrong byte
    call how{};                     // the call that found it, when a call did

    // The object concerned, or the nearest; where.record points to `record`, a snapshot.
    bool has_object = false;
    place where{};
    object_record record{};

    damage bytes{};                 // redzone and poison findings
    // A copy of the memory around the damage, taken before anything was repaired or guarded.
    static constexpr size_t kDumpBytes = 256;
    uintptr_t dump_start = 0;       // address of dump[0]
    size_t dump_length = 0;
    unsigned char dump[kDumpBytes];

    // The access or call that found it; empty for validation.
    stack_trace stack{};
    uint32_t thread = 0;

    // Leaks: objects of the same allocation stack together.
    size_t count = 0;
    size_t total_bytes = 0;
    size_t indirect_count = 0;
    size_t indirect_bytes = 0;

    const char* detail = nullptr;   // a further sentence (validator, injected failures, registers of a fault)
    const char* fixed = nullptr;    // the FIX line: "restored the redzone", "the free was dropped" …
};

// ---- What finders need (finding.cpp).

// A finding is too large for small stacks: it is borrowed from some static ones. When all are out for long there is
// none, and a line has said so.
class finding_lease {
public:
    finding_lease() = default;  // none yet: borrow() when there is something to report
    explicit finding_lease(defect d) { borrow(d); }
    ~finding_lease() {
        if (KSLAB_UNLIKELY(finding_ != nullptr)) give_back();
    }
    bool borrow(defect d);
    finding_lease(const finding_lease&) = delete;
    finding_lease& operator=(const finding_lease&) = delete;
    explicit operator bool() const { return finding_ != nullptr; }
    finding* operator->() { return finding_; }
    finding& operator*() { return *finding_; }

private:
    void give_back();
    finding* finding_ = nullptr;
};

// The finding is done with, although its lease does not end: the program is about to abort, and may jump out of that.
void finding_return(const finding& f);

// In the child of a fork: threads that are not there have none.
void findings_after_fork();

// Copies the object concerned and its record into the finding.
void finding_set_object(finding& f, const place& p);
// Copies the memory around [first, last] that can be read.
void finding_take_dump(finding& f, const void* first, const void* last);

// ---- What becomes of findings (report.cpp).

// Reports, or counts it when the same defect with the same stacks was reported already. No lock of kslab is held.
// Aborts when KSLAB_ON_ERROR says so.
void report_finding(finding& f);

// All findings are out: one line, and it counts. Takes no lock; the caller may hold some.
void report_without_room(defect d);

// While one lives, reports of leaks are kept together: the symboliser runs once for many. Any other report, and the end
// of the batch, writes what is kept.
class report_batch {
public:
    report_batch();
    ~report_batch();
    report_batch(const report_batch&) = delete;
    report_batch& operator=(const report_batch&) = delete;
};

// Writes a text of another kind (a listing, a trace) to where reports go. With frames: it holds lines of stacks as
// report_put_stack makes them (debug/report/report.h), which get functions and lines. No lock of kslab is held.
void report_write(const char* text, size_t length, bool with_frames = false);

// The summary and the exit code; last of all at exit. Returns the status to exit with, -1 for the program's own.
int report_summary();

size_t findings_so_far();
// In the child of a fork: findings are the parent's.
void report_after_fork();
// Before the first report of debugging: room for it, in memory that the leak scan knows for kslab's.
void report_boot();

extern mutex report_lock;

}  // namespace kslab
