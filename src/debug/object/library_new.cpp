#include "debug/object/library_new.h"

#include "debug/stack/backtrace.h"

namespace kslab {

namespace {

// Longer than any library's operator new.
constexpr uintptr_t kOperatorBytes = 192;
constexpr unsigned kOperators = 8;

struct {
    relaxed<uintptr_t> function;
    relaxed<call_kind> kind;
} operators[kOperators];
relaxed<unsigned> known{0};

__thread bool refused __attribute__((tls_model("initial-exec")));

}  // namespace

void library_new_note(call_kind kind, const void* function) {
    uintptr_t at = reinterpret_cast<uintptr_t>(function);
    unsigned count = known;
    for (unsigned i = 0; i < count; i++)
        if (operators[i].function == at) return;
    // Two threads that note two operators at once may lose one of them until the next call.
    if (count == kOperators) return;
    operators[count].kind = kind;
    operators[count].function = at;
    known = count + 1;
}

KSLAB_NOINLINE static call_kind kind_of_caller() {
    stack_trace stack;
    backtrace_capture(stack, 1);
    if (stack.count == 0) return call_kind::none;
    for (unsigned i = 0; i < known; i++)
        if (stack.frame[0] - operators[i].function < kOperatorBytes) return operators[i].kind;
    return call_kind::none;
}

call_kind library_new_calling() { return KSLAB_LIKELY(known == 0) ? call_kind::none : kind_of_caller(); }

void library_new_refused() { refused = true; }

bool library_new_refuses_again() {
    bool again = refused;
    refused = false;
    return again;
}

}  // namespace kslab
