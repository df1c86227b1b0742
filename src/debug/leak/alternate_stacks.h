// Alternate signal stacks: only the kernel knows where they are, and it tells nobody but their thread. So what a thread gave to
// sigaltstack last is remembered, and is a root while the thread lives: a runtime that allocates such a stack for each thread
// (OCaml, Erlang) loses none.
#pragma once
#include "debug/leak/leak_reader.h"
#include "debug/leak/leak_threads.h"

namespace kslab {

// Of the calling thread, in whatever state; takes no lock. Null: it has none any more.
void alternate_stack_note(const void* start);

// Those of the threads that were stopped and of the calling one; of all that were noted where these are not known.
void visit_alternate_stacks(const stopped_threads& threads, word_visitor to);

}  // namespace kslab
