#include "debug/leak/alternate_stacks.h"

#include <atomic>

namespace kslab {

namespace {

constexpr unsigned kMost = 256;
constinit std::atomic<uintptr_t> known[kMost]{};
constinit std::atomic<unsigned> next{0};

}  // namespace

void alternate_stack_note(const void* start) {
    uintptr_t at = reinterpret_cast<uintptr_t>(start);
    for (const std::atomic<uintptr_t>& each : known)
        if (each.load(std::memory_order_relaxed) == at) return;
    known[next.fetch_add(1, std::memory_order_relaxed) % kMost].store(at, std::memory_order_relaxed);
}

void visit_alternate_stacks(word_visitor to) {
    for (const std::atomic<uintptr_t>& each : known) {
        uintptr_t at = each.load(std::memory_order_relaxed);
        to.visit(&at, 1, to.context);
    }
}

}  // namespace kslab
