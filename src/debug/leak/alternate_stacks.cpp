#include "debug/leak/alternate_stacks.h"

#include "base/relaxed.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// By the thread's number: of those that share a place the last one is known, which takes more threads than this.
constexpr unsigned kPlaces = 1024;

struct noted_stack {
    relaxed<int> process;  // a forked child has its parent's
    relaxed<int> thread;
    relaxed<uintptr_t> start;
};
KSLAB_APART constinit noted_stack noted[kPlaces]{};

int number_by(long call) { return static_cast<int>(raw_syscall(call)); }

bool lives(const stopped_threads& threads, int thread) {
    if (!threads.stopped || thread == number_by(SYS_gettid)) return true;
    for (size_t i = 0; i < threads.count; i++)
        if (threads.threads[i].thread == thread) return threads.threads[i].state != tracee_state::gone;
    return false;
}

}  // namespace

void alternate_stack_note(const void* start) {
    int thread = number_by(SYS_gettid);
    noted_stack& its = noted[static_cast<unsigned>(thread) % kPlaces];
    its.start = 0;
    its.process = number_by(SYS_getpid);
    its.thread = thread;
    its.start = reinterpret_cast<uintptr_t>(start);
}

void visit_alternate_stacks(const stopped_threads& threads, word_visitor to) {
    int process = number_by(SYS_getpid);
    for (const noted_stack& each : noted) {
        uintptr_t start = each.start;
        if (start != 0 && (each.process != process || lives(threads, each.thread))) to.visit(&start, 1, to.context);
    }
}

}  // namespace kslab
