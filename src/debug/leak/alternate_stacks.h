// Alternate signal stacks: only the kernel knows where they are, and it tells nobody but their thread. So what threads gave to
// sigaltstack is remembered, and counts as reachable until it is freed: a runtime that allocates such a stack for each thread
// (OCaml, Erlang) loses none.
#pragma once
#include "debug/leak/leak_reader.h"

namespace kslab {

// Of the calling thread, in whatever state; takes no lock. Beyond some hundred the oldest are forgotten.
void alternate_stack_note(const void* start);

void visit_alternate_stacks(word_visitor to);

}  // namespace kslab
