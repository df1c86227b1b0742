#include "debug/leak/alternate_stacks.h"

#include <errno.h>

#include "base/relaxed.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// Of more living threads than this the oldest are forgotten.
constexpr unsigned kPlaces = 1024;

struct noted_stack {
    relaxed<int> process;  // a forked child has its parent's
    relaxed<int> thread;
    relaxed<uintptr_t> start;
};
KSLAB_APART constinit noted_stack noted[kPlaces]{};

int number_by(long call) { return static_cast<int>(raw_syscall(call)); }

bool may_be_taken(const noted_stack& place, int process, int thread) {
    if (thread == 0) return true;
    return place.process == process && raw_syscall(SYS_tgkill, process, thread, 0) == -ESRCH;
}

// Its own, or one that nobody has, or had a thread that is gone.
noted_stack& place_of(int process, int thread) {
    unsigned home = static_cast<unsigned>(thread);
    for (unsigned i = 0; i < kPlaces; i++) {
        noted_stack& each = noted[(home + i) % kPlaces];
        if (each.thread == thread) return each;
        if (each.thread == 0) break;
    }
    for (unsigned i = 0; i < kPlaces; i++) {
        noted_stack& each = noted[(home + i) % kPlaces];
        int owner = each.thread;
        if (may_be_taken(each, process, owner) && each.thread.change(owner, thread)) return each;
    }
    noted[home % kPlaces].thread = thread;
    return noted[home % kPlaces];
}

bool lives(const stopped_threads& threads, int thread) {
    if (!threads.stopped || thread == number_by(SYS_gettid)) return true;
    for (size_t i = 0; i < threads.count; i++)
        if (threads.threads[i].thread == thread) return threads.threads[i].state != tracee_state::gone;
    return false;
}

}  // namespace

void alternate_stack_note(const void* start) {
    int process = number_by(SYS_getpid);
    int thread = number_by(SYS_gettid);
    noted_stack& its = place_of(process, thread);
    its.start = 0;
    its.process = process;
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
