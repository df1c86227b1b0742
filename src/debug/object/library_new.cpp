#include "debug/object/library_new.h"

#include "debug/stack/backtrace.h"

namespace kslab {

namespace {

// Longer than any library's operator new.
constexpr uintptr_t kOperatorBytes = 192;
constexpr unsigned kOperators = 8;

relaxed<uintptr_t> functions[kOperators];
relaxed<unsigned> known{0};

// Of this thread's last call of such a function, which may call operator new again before it calls malloc.
__thread call_kind noted __attribute__((tls_model("initial-exec")));
__thread bool refused __attribute__((tls_model("initial-exec")));

}  // namespace

void library_new_note(call_kind kind, const void* function) {
    if (library_new_calling() == call_kind::none) noted = kind;
    uintptr_t at = reinterpret_cast<uintptr_t>(function);
    unsigned count = known;
    for (unsigned i = 0; i < count; i++)
        if (functions[i] == at) return;
    // Two threads that note two operators at once may lose one of them until the next call.
    if (count == kOperators) return;
    functions[count] = at;
    known = count + 1;
}

KSLAB_NOINLINE static call_kind kind_of_caller() {
    stack_trace stack;
    backtrace_capture(stack, 1);
    if (stack.count == 0) return call_kind::none;
    for (unsigned i = 0; i < known; i++)
        if (stack.frame[0] - functions[i] < kOperatorBytes) return noted;
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
